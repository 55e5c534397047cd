import { spawn } from 'node:child_process';
import { join } from 'node:path';

const MAIN = join(__dirname, '../../../search/src/rebuild.js');

/** Runs the search service's own command; answers what it said. */
export function rebuildSearch(searchDatabase: string): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [MAIN], { env: { ...process.env, SEARCH_DATABASE_URL: searchDatabase }, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.once('error', fail);
    child.once('exit', (code) => (code === 0 ? done(said) : fail(new Error(`the index was not rebuilt: ${said.trim()}`))));
  });
}
