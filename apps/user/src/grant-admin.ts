import { SystemWallClock } from '@libs/chassis/clocks';
import { ConfigError } from '@libs/chassis/config';
import { AppError } from '@libs/kernel/app-error';
import { Database } from '@libs/postgres/database';
import { PostgresTransactions } from '@libs/postgres/postgres-transactions';
import { PostgresAdminActions } from './adapters/postgres/postgres-admin-actions';
import { PostgresFirstAdmins } from './adapters/postgres/postgres-first-admins';
import { PostgresSessions } from './adapters/postgres/postgres-sessions';
import { GrantFirstAdmin } from './application/grant-first-admin';
import { GrantAdminConfig } from './user.config';

/** `node dist/apps/user/src/grant-admin.js ann@example.com`, with `USER_DATABASE_URL`: whoever may write to the database may name the first administrator. */
async function main(email = ''): Promise<void> {
  const database = await Database.open({ url: GrantAdminConfig.read().values.USER_DATABASE_URL, poolSize: 1, name: 'grant-admin' });
  const { sql } = database;
  // Nothing is announced here, so no outbox takes part.
  const granting = new GrantFirstAdmin(new PostgresTransactions(database), new PostgresFirstAdmins(sql), new PostgresSessions(sql), new PostgresAdminActions(sql), new SystemWallClock());
  await granting.execute(email).finally(() => database.close());
}

main(process.argv[2]).catch((error: unknown) => {
  if (!(error instanceof AppError) && !(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
