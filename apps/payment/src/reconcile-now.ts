import { SystemWallClock } from '@libs/chassis/clocks';
import { ConfigError } from '@libs/chassis/config';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { UuidIds } from '@libs/chassis/uuid-ids';
import { Database } from '@libs/postgres/database';
import { PostgresReconciliations } from './adapters/postgres/postgres-reconciliations';
import type { Reconciliation } from './application/ports';
import { ReconcileNowConfig } from './payment.config';

const LOOK_EVERY_MS = 200;
const WAIT_MS_MAX = 120_000;

/** `node dist/apps/payment/src/reconcile-now.js`, with `PAYMENT_DATABASE_URL`: asks the running payment service to compare, waits, and prints the result as JSON. */
async function main(): Promise<void> {
  const database = await Database.open({ url: ReconcileNowConfig.read().values.PAYMENT_DATABASE_URL, poolSize: 1, name: 'reconcile' });
  const wall = new SystemWallClock();
  const kept = new PostgresReconciliations(database.sql, new UuidIds(wall));
  try {
    const { id } = await kept.ask('command', wall.now());
    const done = await finished(kept, id);
    if (!done) throw new Error('The payment service has not compared in two minutes: does it run? The request stands, and is taken when it does.');
    process.stdout.write(`${JSON.stringify(done)}\n`);
  } finally {
    await database.close();
  }
}

async function finished(kept: PostgresReconciliations, id: string): Promise<Reconciliation | undefined> {
  const until = performance.now() + WAIT_MS_MAX;
  let looking: Loop | undefined;
  const done = await new Promise<Reconciliation | undefined>((resolve) => {
    looking = new Loop({ name: 'reconcile', everyMs: LOOK_EVERY_MS, log: new Log({ service: 'payment', level: 'silent' }) }, async () => {
      const asked = await kept.find(id);
      if (asked?.finishedAt) resolve(asked);
      else if (performance.now() > until) resolve(undefined);
    });
    looking.start();
  });
  await looking?.stop();
  return done;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError || error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
