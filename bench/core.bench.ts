import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { OffsetClock, SystemWallClock } from '@libs/chassis/clocks';
import { Log } from '@libs/chassis/log';
import { UuidIds } from '@libs/chassis/uuid-ids';
import { eventTables } from '@libs/events/event-tables';
import { typeId } from '@libs/kernel/ids';
import { Database } from '@libs/postgres/database';
import { EmbeddedPostgres } from '@libs/postgres/embedded-postgres';
import { migrate } from '@libs/postgres/migrate';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { PostgresKeptAnswers } from '../apps/bidding/src/adapters/postgres/postgres-kept-answers';
import { PostgresShardSessions } from '../apps/bidding/src/adapters/postgres/postgres-shard-sessions';
import { Intake } from '../apps/bidding/src/application/intake';
import { Writer } from '../apps/bidding/src/application/writer';
import { WriterParts } from '../apps/bidding/src/application/writer-parts';
import { BiddingConfig } from '../apps/bidding/src/bidding.config';
import { cancel } from '../apps/bidding/src/domain/cancel';
import { place } from '../apps/bidding/src/domain/place';
import type { Side } from '../apps/bidding/src/domain/side';
import type { TraderFacts } from '../apps/bidding/src/domain/trader-facts';
import { drawer, zipf } from './random';

const MARKETS = 2_400;
const USERS = 512;
const SECONDS = 8;
const IN_FLIGHT = [1, 64, 256];

interface Open {
  readonly id: string;
  readonly side: Side;
  readonly facts: TraderFacts;
}

/** The writer and PostgreSQL alone: keys looked up, matched, committed (fsync on), answered. No HTTP, no Redis, no relay. */
class Core {
  private readonly draw = drawer(7);
  private readonly market = zipf(MARKETS);
  private readonly open: Open[] = [];
  private readonly wall = new SystemWallClock();
  private readonly ids = new UuidIds(this.wall);
  private readonly users: readonly TraderFacts[];
  private readonly hash = randomBytes(32);

  constructor(private readonly markets: readonly string[], private readonly intake: Intake) {
    this.users = Array.from({ length: USERS }, () => ({
      userId: this.ids.next('usr'), emailVerified: true, suspended: false, buyingSuspended: false, sellingSuspended: false, payoutEnabled: true,
      paymentMethodIds: [this.ids.next('pm')], addresses: [{ addressId: this.ids.next('adr'), versionId: this.ids.next('adv') }],
    }));
  }

  /** 70 % passive, 20 % crossing, 10 % cancels. */
  send(answered: () => void): void {
    const chance = this.draw();
    const key = this.ids.next('key');
    const common = { key, bodyHash: this.hash, deadline: Infinity, traceparent: undefined };
    if (chance < 0.1 && this.open.length > 100) {
      const at = Math.floor(this.draw() * this.open.length);
      const { id: quoteId, side, facts: { userId } } = this.open[at] as Open;
      this.open[at] = this.open[this.open.length - 1] as Open;
      this.open.pop();
      return this.intake.submit({ ...common, userId, run: (turn) => cancel(turn, { command: 'cancel', userId, quoteId, side, key, bodyHash: this.hash }) }, answered);
    }
    const facts = this.users[Math.floor(this.draw() * USERS)] as TraderFacts;
    const side: Side = this.draw() < 0.5 ? 'bid' : 'ask';
    const away = 1 + Math.floor(this.draw() * 60);
    const placement = {
      ...common, quoteId: this.ids.next(side), marketId: this.markets[this.market(this.draw())] as string, side, userId: facts.userId, currency: 'USD',
      price: (side === 'ask') === (chance >= 0.3) ? 400 + away : 400 - away, expiresInDays: 0, immediate: false, paymentMethodId: '', addressVersionId: '', facts, maxOpenQuotes: 1_000_000, maxOpenExposure: Infinity,
    };
    this.intake.submit({ ...common, userId: facts.userId, run: (turn) => place(turn, placement) }, (reply) => {
      if ('done' in reply && !reply.done.match) this.open.push({ id: placement.quoteId, side, facts });
      answered();
    });
  }

  async loop(inFlight: number, seconds: number): Promise<{ count: number; ms: number; latencies: number[] }> {
    const latencies: number[] = [];
    const start = performance.now();
    const until = start + seconds * 1_000;
    await Promise.all(Array.from({ length: inFlight }, () => new Promise<void>((resolve) => {
      const next = () => {
        const sent = performance.now();
        if (sent >= until) return resolve();
        this.send(() => {
          latencies.push(performance.now() - sent);
          next();
        });
      };
      next();
    })));
    return { count: latencies.length, ms: performance.now() - start, latencies };
  }
}

/** Microseconds of CPU that the backends of a server have used; Linux only, else 0. */
function cpuOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1_000;
  } catch {
    return 0;
  }
}

const quantile = (sorted: readonly number[], q: number) => Math.round((sorted[Math.floor(sorted.length * q)] ?? 0) * 100) / 100;

export async function runCoreBench(): Promise<void> {
  const dataDir = temporaryFolder('core');
  const server = await EmbeddedPostgres.start({ dataDir: join(dataDir, 'postgres'), port: 25_433 });
  try {
    await server.ensureDatabases(['core']);
    const url = server.url('core');
    await migrate(url, [eventTables, { name: 'service', directory: join(__dirname, '../apps/bidding/src/adapters/postgres/migrations') }]);
    const sql = new Client({ connectionString: url });
    await sql.connect();
    const { rows } = await sql.query<{ id: string }>(
      `insert into markets (id, product_id, size, currency, tick, min_price, max_price, shard)
       select gen_random_uuid(), gen_random_uuid(), g::text, 'USD', 1, 1, 1000000, g % 16 from generate_series(1, $1) g returning id`, [MARKETS]);
    const config = new BiddingConfig({ BIDDING_DATABASE_URL: url });
    const wall = new SystemWallClock();
    const ids = new UuidIds(wall);
    const pool = await Database.open({ url, poolSize: 1, name: 'core-bench' });
    const kept = new PostgresKeptAnswers(config, pool.sql);
    const writer = new Writer(new WriterParts(new PostgresShardSessions(config, ids), kept, new OffsetClock(wall), wall, ids, new Log({ service: 'core-bench', level: 'error' })));
    await writer.tend();
    const core = new Core(rows.map(({ id }) => typeId('mkt', id)), new Intake(writer, kept, wall));
    await core.loop(64, 3);
    for (const inFlight of IN_FLIGHT) {
      const backends = (await sql.query<{ pid: number }>(`select pid from pg_stat_activity where application_name like 'pairwise-bidding%'`)).rows;
      const batches = (await sql.query<{ n: string }>('select count(*) as n from outbox')).rows[0]?.n;
      const [cpu, pg] = [process.cpuUsage(), backends.reduce((sum, { pid }) => sum + cpuOf(pid), 0)];
      const { count, ms, latencies } = await core.loop(inFlight, SECONDS);
      const used = process.cpuUsage(cpu);
      const pgUsed = backends.reduce((sum, { pid }) => sum + cpuOf(pid), 0) - pg;
      const committed = Number((await sql.query<{ n: string }>('select count(*) as n from outbox')).rows[0]?.n) - Number(batches);
      const sorted = latencies.sort((a, b) => a - b);
      console.log(JSON.stringify({
        bench: 'core', in_flight: inFlight, orders_per_s: Math.round((count / ms) * 1_000), batch: Math.round((count / committed) * 10) / 10, p50_ms: quantile(sorted, 0.5), p99_ms: quantile(sorted, 0.99),
        node_us: Math.round(((used.user + used.system) / count) * 10) / 10, postgres_us: Math.round((pgUsed / count) * 10) / 10,
      }));
    }
    await writer.stop();
    await kept.close();
    await pool.close();
    await sql.end();
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

// Reproduce with `npm run build && node dist/bench/core.bench.js`.
if (process.argv[1] === __filename) void runCoreBench();
