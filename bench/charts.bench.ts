import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Log } from '@libs/chassis/log';
import { eventTables } from '@libs/events/event-tables';
import { typeId } from '@libs/kernel/ids';
import { Database } from '@libs/postgres/database';
import { EmbeddedPostgres } from '@libs/postgres/embedded-postgres';
import { migrate } from '@libs/postgres/migrate';
import { PostgresTransactions } from '@libs/postgres/postgres-transactions';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { InfluxPriceHistory } from '../apps/analytics/src/adapters/influx/influx-price-history';
import { PostgresPriceHistory } from '../apps/analytics/src/adapters/postgres/postgres-price-history';
import { PostgresReports } from '../apps/analytics/src/adapters/postgres/postgres-reports';
import { PostgresSales } from '../apps/analytics/src/adapters/postgres/postgres-sales';
import { PostgresUnwritten } from '../apps/analytics/src/adapters/postgres/postgres-unwritten';
import { AnalyticsConfig } from '../apps/analytics/src/analytics.config';
import type { PriceHistory } from '../apps/analytics/src/application/ports';
import { WriteHistory } from '../apps/analytics/src/application/write-history';
import { type Interval, type Range, type Scope, wholeBuckets } from '../apps/analytics/src/domain/candle';

const PRODUCTS = 6_000;
const BRANDS = 24;
const SIZES = 4;
const CALLS = 60;
const NOW = new Date('2026-11-01T00:00:00Z');
const DAY_MS = 86_400_000;

const FILL = [
  `insert into products (id, brand, model, currency, retail, version) select gen_random_uuid(), 'Brand ' || (i % ${BRANDS}), 'Model ' || i, 'USD', 18000, 1 from generate_series(1, ${PRODUCTS}) i`,
  `insert into markets (id, product_id, size, currency) select gen_random_uuid(), p.id, s::text, 'USD' from products p, generate_series(1, ${SIZES}) s`,
  `create table numbered as select m.id, m.product_id, m.size, p.brand, row_number() over (order by p.model, m.id) - 1 as n from markets m join products p on p.id = m.product_id`,
  'create unique index on numbered (n)',
];
/** Made anew when all trades are there: kept up to date row by row they take most of the time. */
const INDEXES = `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as made from pg_index where indrelid = 'trades'::regclass and not indisprimary`;
/** As they came, over a year; a few markets are busy and most are not. */
const trades = (count: number, from: number) => `
  insert into trades (match_id, market_id, market_seq, order_id, product_id, size, buyer_id, seller_id, currency, price, sold_at, brand)
  select gen_random_uuid(), m.id, g.i, gen_random_uuid(), m.product_id, m.size, gen_random_uuid(), gen_random_uuid(), 'USD', 10000 + floor(random() * 40000)::bigint, $1::timestamptz - interval '365 days' * (1 - (g.i - random()) / $2), m.brand
    from (select i, floor(${PRODUCTS * SIZES} * power(random(), 3))::bigint as n from generate_series(${from + 1}, ${from + count}) i) g join numbered m on m.n = g.n`;

/** How long a chart takes with that many sales, from the trades' own tables and, where there is one, from InfluxDB; both must say the same. */
export async function chartsBench(sales: number, say: (line: string) => void): Promise<void> {
  const folder = temporaryFolder('charts');
  const server = await EmbeddedPostgres.start({ dataDir: folder, port: 15_499, fsync: false });
  await server.ensureDatabases(['analytics']);
  const url = server.url('analytics');
  await migrate(url, [eventTables, { name: 'service', directory: join(__dirname, '../apps/analytics/src/adapters/postgres/migrations') }]);
  const database = await Database.open({ url, poolSize: 4, name: 'charts', statementTimeoutMs: 600_000 });
  try {
    await fill(database, sales, say);
    await measure(database, say);
  } finally {
    await database.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fill({ sql }: Database, sales: number, say: (line: string) => void): Promise<void> {
  const begun = performance.now();
  for (const statement of FILL) await sql.query(statement);
  const indexes = await sql.query<{ name: string; made: string }>(INDEXES);
  for (const { name } of indexes) await sql.query(`drop index ${name}`);
  for (let from = 0; from < sales; from += 100_000) await sql.query(trades(Math.min(100_000, sales - from), from), [NOW, sales]);
  for (const { made } of indexes) await sql.query(made);
  // As the server does by itself some time after so many rows.
  await sql.query('vacuum (analyze)');
  say(`${sales} sales of ${PRODUCTS} products in ${SIZES} sizes are there after ${Math.round((performance.now() - begun) / 1_000)} s`);
}

interface Chart {
  readonly what: string;
  readonly scope: Scope;
  readonly interval: Interval;
  readonly days: number;
}

async function measure(database: Database, say: (line: string) => void): Promise<void> {
  const local = new PostgresPriceHistory(database.sql);
  const [busiest] = await database.sql.query<{ market_id: string; product_id: string; brand: string; sales: number }>(
    'select market_id, product_id, brand, count(*) as sales from trades where is_sale group by 1, 2, 3 order by 4 desc limit 1');
  if (!busiest) throw new Error('nothing was sold');
  const market: Scope = { kind: 'market', id: typeId('mkt', busiest.market_id) };
  const charts: Chart[] = [
    { what: `the busiest market (${busiest.sales} sales), days of a year`, scope: market, interval: '1d', days: 365 },
    { what: 'the busiest market, hours of 30 days', scope: market, interval: '1h', days: 30 },
    { what: 'its product over all sizes, days of a year', scope: { kind: 'product', id: typeId('prd', busiest.product_id) }, interval: '1d', days: 365 },
    { what: 'its brand, weeks of a year', scope: { kind: 'brand', brand: busiest.brand }, interval: '1w', days: 364 },
  ];
  await time(charts, local, 'PostgreSQL', say);
  const [reports, sales] = [new PostgresReports(database.sql), new PostgresSales(database.sql)];
  say(`PostgreSQL: the figures of that market ${await latency(() => reports.market(market.id, NOW))}`);
  say(`PostgreSQL: its last 20 sales ${await latency(() => sales.page(market.id, 20))}`);
  const { influx } = new AnalyticsConfig(process.env).values;
  if (!influx) return say('InfluxDB is left out: INFLUX_URL is not set');
  const remote = new InfluxPriceHistory(influx, new Log({ service: 'analytics', level: 'error' }));
  await write(database, remote, say);
  await time(charts, remote, 'InfluxDB', say);
  for (const { what, scope, interval, days } of charts) {
    const [a, b] = await Promise.all([local, remote].map((history) => history.candles(scope, interval, rangeOf(interval, days))));
    say(`${JSON.stringify(a) === JSON.stringify(b) ? 'equal' : 'DIFFERENT'} in both: ${what}`);
  }
}

async function write(database: Database, remote: InfluxPriceHistory, say: (line: string) => void): Promise<void> {
  const writing = new WriteHistory({ local: new PostgresPriceHistory(database.sql), remote }, new PostgresUnwritten(database.sql), new PostgresTransactions(database));
  const begun = performance.now();
  await remote.clear();
  await writing.begin();
  while (await writing.pass());
  say(`InfluxDB has all of it after ${Math.round((performance.now() - begun) / 1_000)} s`);
}

async function time(charts: readonly Chart[], history: PriceHistory, form: string, say: (line: string) => void): Promise<void> {
  for (const { what, scope, interval, days } of charts) say(`${form}: ${what} ${await latency(() => history.candles(scope, interval, rangeOf(interval, days)))}`);
}

/** Of whole buckets, as charts are always read. */
function rangeOf(interval: Interval, days: number): Range {
  return wholeBuckets(interval, { from: new Date(NOW.getTime() - days * DAY_MS), to: NOW });
}

async function latency(call: () => Promise<unknown>): Promise<string> {
  const took: number[] = [];
  for (let i = 0; i < CALLS + 3; i++) {
    const begun = performance.now();
    await call();
    if (i >= 3) took.push(performance.now() - begun);
  }
  took.sort((a, b) => a - b);
  const at = (share: number) => Math.round((took[Math.floor(share * (took.length - 1))] ?? 0) * 10) / 10;
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
}
