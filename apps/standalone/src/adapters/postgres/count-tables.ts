import { HeardClient } from '@libs/postgres/heard-client';

/** How many tables a database has. */
export async function countTables(url: string): Promise<number> {
  const client = new HeardClient({ connectionString: url, application_name: 'pairwise-restore' });
  await client.connect();
  try {
    const { rows } = await client.query<{ tables: string }>(`select count(*) as tables from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`);
    return Number(rows[0]?.tables);
  } finally {
    await client.end();
  }
}
