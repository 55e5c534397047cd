import { ConfigError } from '@libs/chassis/config';
import { AppError } from '@libs/kernel/app-error';
import { Database } from '@libs/postgres/database';
import { PostgresParkedMessages } from './adapters/postgres/postgres-parked-messages';
import { TendParked } from './application/tend-parked';
import { ParkedCommandConfig } from './notification.config';

/** `node dist/apps/notification/src/parked-messages.js [id]`, with `NOTIFICATION_DATABASE_URL`: lists what was given up, or has one of it tried anew. */
async function main([id]: readonly string[]): Promise<void> {
  const database = await Database.open({ url: ParkedCommandConfig.read().values.NOTIFICATION_DATABASE_URL, poolSize: 1, name: 'parked-messages' });
  const tending = new TendParked(new PostgresParkedMessages(database.sql));
  try {
    if (id !== undefined) return await tending.resume(id);
    for (const { id: one, kind, channel, userId, reason, attempts, createdAt } of await tending.list(0)) {
      process.stdout.write(`${one}\n  ${kind} to ${userId} by ${channel}, since ${createdAt.toISOString()}, tried ${attempts} times\n  ${reason}\n`);
    }
  } finally {
    await database.close();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof AppError) && !(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
