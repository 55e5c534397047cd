import { ReadOnlyDatabase } from './read-only-database';

export interface RebuildReport {
  readonly state: string;
  readonly before: string;
  readonly after: string;
  readonly changed: number;
  readonly note: string;
}

/** How far a rebuild of the price history is. */
export async function rebuildReport(url: string, id: string): Promise<RebuildReport | undefined> {
  const database = await ReadOnlyDatabase.open(url);
  try {
    const [row] = await database.query<RebuildReport>(
      `select state, coalesce(before_hash, '') as before, coalesce(after_hash, '') as after, coalesce(changed, 0) as changed, coalesce(note, '') as note from rebuilds where id = $1`, [id]);
    return row;
  } finally {
    await database.close();
  }
}
