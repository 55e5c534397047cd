import { join } from 'node:path';
import type { MigrationSet } from '@libs/postgres/migrate';

/** What every service that announces or listens needs in its own database. */
export const eventTables: MigrationSet = { name: 'events', directory: join(__dirname, 'migrations') };

/** The embedded bus, in a database of its own. */
export const busTables: MigrationSet = { name: 'bus', directory: join(__dirname, 'bus-migrations') };
