import { serviceCommand } from './service-command';

/** Runs the search service's own command; answers what it said. */
export async function rebuildSearch(searchDatabase: string): Promise<string> {
  try {
    return await serviceCommand('search/src/rebuild.js', [], { SEARCH_DATABASE_URL: searchDatabase });
  } catch (error) {
    throw new Error(`the index was not rebuilt: ${error instanceof Error ? error.message : String(error)}`);
  }
}
