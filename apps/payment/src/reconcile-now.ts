import { SystemWallClock } from '@libs/chassis/clocks';
import { ConfigError } from '@libs/chassis/config';
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
  while (performance.now() < until) {
    const asked = await kept.find(id);
    if (asked?.finishedAt) return asked;
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
  return undefined;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError || error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
