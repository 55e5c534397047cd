import { randomUUID } from 'node:crypto';
import { Database } from '@libs/postgres/database';
import { RebuildConfig } from './analytics.config';

/**
 * `ANALYTICS_DATABASE_URL=… node dist/apps/analytics/src/rebuild.js`: asks for the projection to be built anew, and prints the rebuild's id.
 * The service does it while it goes on; one that is under way is answered as it is.
 */
async function main(): Promise<void> {
  const database = await Database.open({ url: RebuildConfig.ofProcess().values.ANALYTICS_DATABASE_URL, poolSize: 1, name: 'analytics-rebuild' });
  try {
    await database.sql.query(`insert into rebuilds (id, state) values ($1, 'requested') on conflict do nothing`, [randomUUID()]);
    const [open] = await database.sql.query<{ id: string }>(`select id from rebuilds where state in ('requested', 'gathering') union all (select id from rebuilds order by requested_at desc limit 1) limit 1`);
    process.stdout.write(`${open?.id ?? ''}\n`);
  } finally {
    await database.close();
  }
}

void main();
