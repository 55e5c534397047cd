import { ConfigError } from '@libs/chassis/config';
import { AppError } from '@libs/kernel/app-error';
import { Database } from '@libs/postgres/database';
import { PostgresTransactions } from '@libs/postgres/postgres-transactions';
import { AesSealer } from './adapters/crypto/aes-sealer';
import { FileDataKeys } from './adapters/crypto/file-data-keys';
import { UserSecrets } from './adapters/crypto/secrets';
import { PostgresSealedRows } from './adapters/postgres/postgres-sealed-rows';
import { RotateKeys } from './application/rotate-keys';
import { keysRotating } from './domain/errors';
import { RotateKeysConfig } from './user.config';

/** `node dist/apps/user/src/rotate-keys.js`, with `USER_DATABASE_URL` and `USER_SECRETS_FILE`: for whoever may read and write both. The service may run meanwhile. */
async function main(): Promise<void> {
  const { url, user, path } = RotateKeysConfig.read();
  // One connection, so that the lock on rotating is held by whoever rotates.
  const database = await Database.open({ url, poolSize: 1, name: 'rotate-keys' });
  try {
    const [lock] = await database.sql.query<{ isMine: boolean }>(`select pg_try_advisory_lock(hashtext('user.rotate_keys')) as "isMine"`);
    if (!lock?.isMine) throw keysRotating();
    const secrets = new UserSecrets(user);
    const keys = new FileDataKeys(path, secrets);
    const rows = new PostgresSealedRows(database.sql, new PostgresTransactions(database), new AesSealer(secrets), keys);
    const { resealed, isResumed } = await new RotateKeys(keys, rows).execute();
    process.stdout.write(`${isResumed ? 'The rotation that was under way is done' : 'Done'}: ${resealed} sealed with the new key ${keys.ids()[0]}; the old one is forgotten.\n`);
  } finally {
    await database.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof AppError || error instanceof ConfigError ? error.message : `the keys could not be rotated; run it again to go on: ${String(error)}`}\n`);
  process.exitCode = 1;
});
