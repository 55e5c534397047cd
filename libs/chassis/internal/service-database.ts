import { Database } from '@libs/postgres/database';
import { migrate } from '@libs/postgres/migrate';
import type { Log } from '../log';
import type { OffsetStore } from '../sandbox-clock';
import { serviceMigrations } from '../service-migrations';

export interface ServiceDatabaseOptions {
  readonly name: string;
  readonly url: string;
  readonly migrations: string;
  readonly poolSize: number;
  readonly log: Log;
  /** Refuses a server that could lose what it has acknowledged. */
  readonly isDurable: boolean;
}

export async function openServiceDatabase({ name, url, migrations, poolSize, log, isDurable }: ServiceDatabaseOptions): Promise<Database> {
  await migrate(url, serviceMigrations(migrations));
  const database = await Database.open({ name, url, poolSize, log });
  const problems = isDurable ? await database.problems() : [];
  if (problems.length > 0) {
    await database.close();
    throw new Error(`the database of ${name} could lose what it has acknowledged: ${problems.join(', ')}`);
  }
  return database;
}

export function offsetStore(database: Database): OffsetStore {
  return {
    async load() {
      const rows = await database.sql.query<{ offset_ms: number }>('select offset_ms from exchange_clock');
      return rows[0]?.offset_ms ?? 0;
    },
    async save(offsetMs) {
      await database.sql.query(
        'insert into exchange_clock (offset_ms) values ($1) on conflict (only_row) do update set offset_ms = greatest(exchange_clock.offset_ms, excluded.offset_ms)',
        [offsetMs],
      );
    },
  };
}

/** For a service without a database, which keeps nothing that has a time. */
export const noOffsetStore: OffsetStore = {
  load: async () => 0,
  save: async () => undefined,
};
