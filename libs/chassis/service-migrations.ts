import { join } from 'node:path';
import { eventTables } from '@libs/events/event-tables';
import type { MigrationSet } from '@libs/postgres/migrate';

/** What the chassis itself keeps in a service's database. */
const chassisTables: MigrationSet = { name: 'chassis', directory: join(__dirname, 'migrations') };

/** All that makes the database of a service, in order; `directory` holds its own part. */
export function serviceMigrations(directory: string): MigrationSet[] {
  return [eventTables, chassisTables, { name: 'service', directory }];
}
