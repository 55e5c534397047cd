import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { join } from 'node:path';
import { Log } from '@libs/chassis/log';
import { UuidIds } from '@libs/chassis/uuid-ids';
import { SystemWallClock } from '@libs/chassis/clocks';
import { Clock } from '@libs/kernel/clock';
import { typeId } from '@libs/kernel/ids';
import { Database } from '@libs/postgres/database';
import { testDatabase, type TestDatabase } from '@libs/testing/test-database';
import { PostgresKeptAnswers } from '../src/adapters/postgres/postgres-kept-answers';
import { PostgresRecords } from '../src/adapters/postgres/postgres-records';
import { PostgresShardSessions } from '../src/adapters/postgres/postgres-shard-sessions';
import { BiddingConfig } from '../src/bidding.config';
import { Intake, type KeyedRequest } from '../src/application/intake';
import type { Reply } from '../src/application/ticket';
import { Writer } from '../src/application/writer';
import { WriterParts } from '../src/application/writer-parts';
import { amend } from '../src/domain/amend';
import { type BustReason, bust } from '../src/domain/bust';
import { cancel } from '../src/domain/cancel';
import { halt, resume } from '../src/domain/halt';
import { place } from '../src/domain/place';
import type { Match } from '../src/domain/quote';
import type { Side } from '../src/domain/side';
import type { TraderFacts } from '../src/domain/trader-facts';

export const MIGRATIONS = join(__dirname, '../src/adapters/postgres/migrations');
const wall = new SystemWallClock();
export const ids = new UuidIds(wall);

export class SetClock extends Clock {
  ms = wall.now().getTime();
  now(): Date {
    return new Date(this.ms);
  }
}

/** A database of bidding with some markets, and writers on it. */
export class Harness {
  readonly clock = new SetClock();
  readonly problems: string[] = [];
  readonly users = new Map<string, TraderFacts>();
  private readonly opened: Desk[] = [];

  private constructor(
    readonly database: TestDatabase | { readonly url: string; close(): Promise<void> },
    readonly sql: Client,
    readonly markets: readonly string[],
  ) {}

  static async open(markets = 4, given?: { readonly url: string; close(): Promise<void> }): Promise<Harness> {
    const database = given ?? (await testDatabase(MIGRATIONS));
    const sql = new Client({ connectionString: database.url });
    sql.on('error', () => undefined);
    await sql.connect();
    const { rows } = await sql.query<{ id: string }>(
      `insert into markets (id, product_id, size, currency, tick, min_price, max_price, shard)
       select gen_random_uuid(), gen_random_uuid(), g::text, 'USD', 1, 1, 10000000, g % 16 from generate_series(1, $1) g returning id`, [markets]);
    return new Harness(database, sql, rows.map(({ id }) => typeId('mkt', id)));
  }

  user(name: string): TraderFacts {
    const known = this.users.get(name);
    if (known) return known;
    const userId = ids.next('usr');
    const facts = { userId, emailVerified: true, suspended: false, buyingSuspended: false, sellingSuspended: false, payoutEnabled: true, paymentMethodIds: [ids.next('pm')], addresses: [{ addressId: ids.next('adr'), versionId: ids.next('adv') }] };
    this.users.set(name, facts);
    return facts;
  }

  /** `url`: another way to the same database. */
  async desk(url?: string): Promise<Desk> {
    const desk = await Desk.open(this, url);
    this.opened.push(desk);
    return desk;
  }

  async rows<Row = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.sql.query(text, values)).rows as Row[];
  }

  /** What must hold in the database whatever happened: each line that comes back is a violation. */
  async violations(): Promise<string[]> {
    const rows = await this.rows<{ what: string; n: string }>(`
      with lines as (select (l.line::json ->> 0) as topic, (l.line::json ->> 1) as key, (l.line::json ->> 2)::bigint as kseq, l.line::json ->> 3 as type, (l.line::json -> 4 ->> 'marketSeq')::bigint as market_seq,
                            row_number() over (order by o.pos, l.n) as at
                       from outbox o, regexp_split_to_table(o.events, '\\n') with ordinality l(line, n))
      select 'M1 a quote is in two live matches' as what, count(*) as n from (select id from (select bid_id as id from matches where state <> 'bust' union all select ask_id from matches where state <> 'bust') x group by id having count(*) > 1) x
      union all select 'M2 crossed book', count(*) from (select market_id from quotes where status = 'active' group by market_id having max(price) filter (where side = 'bid') >= min(price) filter (where side = 'ask')) x
      union all select 'M5 price', count(*) from matches m join quotes b on b.id = m.bid_id join quotes a on a.id = m.ask_id where m.state <> 'bust' and not m.price between a.price and b.price
      union all select 'M8 sequence', count(*) from (select key from lines group by key having count(*) <> max(market_seq) or count(distinct market_seq) <> count(*)) x
      union all select 'M8 total', abs((select sum(seq) from markets) - (select count(*) from lines))
      union all select 'kseq', count(*) from (select 1 from lines group by topic, key having count(*) <> max(kseq) or min(kseq) <> 1) x
      union all select 'order of kseq', count(*) from (select kseq - lag(kseq) over (partition by topic, key order by at) as step from lines) x where step <> 1
      union all select 'matched without a live match', count(*) from quotes q where status = 'matched' and not exists (select from matches m where q.id in (m.bid_id, m.ask_id))
      union all select 'match events', abs((select count(*) from matches) - (select count(*) from lines where type = 'match.created'))`);
    return rows.filter(({ n }) => Number(n) > 0).map(({ what, n }) => `${what}: ${n}`);
  }

  async close(): Promise<void> {
    for (const desk of this.opened) await desk.close();
    await this.sql.end();
    await this.database.close();
  }
}

/** A writer with its door, as the service has them. */
export class Desk {
  private constructor(
    private readonly harness: Harness,
    readonly writer: Writer,
    readonly intake: Intake,
    readonly kept: PostgresKeptAnswers,
    readonly records: PostgresRecords,
    private readonly pool: Database,
  ) {}

  static async open(harness: Harness, url = harness.database.url): Promise<Desk> {
    const config = new BiddingConfig({ BIDDING_DATABASE_URL: harness.database.url });
    const sessions = new PostgresShardSessions(new BiddingConfig({ BIDDING_DATABASE_URL: url }), ids);
    const pool = await Database.open({ url: harness.database.url, poolSize: 2, name: 'test' });
    const kept = new PostgresKeptAnswers(config, pool.sql);
    const log = new Log({ service: 'bidding', level: 'error', destination: { write: (line) => void harness.problems.push(line) } });
    const writer = new Writer(new WriterParts(sessions, kept, harness.clock, wall, ids, log));
    await writer.tend();
    return new Desk(harness, writer, new Intake(writer, kept, wall), kept, new PostgresRecords(pool.sql), pool);
  }

  async close(): Promise<void> {
    await this.writer.stop();
    await this.kept.close();
    await this.pool.close();
  }

  ask(user: string, price: number, more: Partial<Order> = {}) {
    return this.place('ask', user, price, more);
  }
  bid(user: string, price: number, more: Partial<Order> = {}) {
    return this.place('bid', user, price, more);
  }

  place(side: Side, user: string, price: number, { market = this.harness.markets[0] ?? '', key = ids.next('key'), days = 30, immediate = false, hash = 'body', maxOpenQuotes = 500, traceparent }: Partial<Order> = {}) {
    const facts = this.harness.user(user);
    const placement = {
      quoteId: ids.next(side), marketId: market, side, userId: facts.userId, currency: 'USD', price, expiresInDays: side === 'bid' ? days : Math.min(days, 365), immediate,
      paymentMethodId: '', addressVersionId: '', key, bodyHash: Buffer.from(hash), facts, maxOpenQuotes, maxOpenExposure: Infinity,
    };
    return this.submit({ ...base(facts.userId, key, hash), traceparent, run: (turn) => place(turn, placement) });
  }

  cancel(user: string, quoteId: string, key: string = ids.next('key')) {
    const { userId } = this.harness.user(user);
    const command = { command: 'cancel', userId, key, bodyHash: Buffer.from('cancel'), quoteId, side: quoteId.startsWith('bid') ? ('bid' as const) : ('ask' as const) };
    return this.submit({ ...base(userId, key, 'cancel'), run: (turn) => cancel(turn, command) });
  }

  amend(user: string, quoteId: string, price: number | undefined, { days = 0, key = ids.next('key'), seen = 0 }: { days?: number; key?: string; seen?: number } = {}) {
    const { userId } = this.harness.user(user);
    const command = { command: 'amend', userId, key, bodyHash: Buffer.from('amend'), quoteId, side: quoteId.startsWith('bid') ? ('bid' as const) : ('ask' as const), price: price === undefined ? undefined : { currency: 'USD', minor: price }, expiresInDays: days, expectedVersion: seen, maxOpenExposure: Infinity };
    return this.submit({ ...base(userId, key, 'amend'), run: (turn) => amend(turn, command) });
  }

  halt(market: string, what: 'halt' | 'resume') {
    const { userId } = this.harness.user('admin');
    const key = ids.next('key');
    const command = { command: what, userId, key, bodyHash: Buffer.from(what), marketId: market, reason: 'test' };
    return this.submit({ ...base(userId, key, what), run: (turn) => (what === 'halt' ? halt(turn, command) : resume(turn, command)) });
  }

  bust(match: Match, reason: BustReason, facts?: TraderFacts): Promise<Reply> {
    return this.raw((turn) => bust(turn, { match, reason, doNotRelist: false, facts }));
  }

  raw(run: KeyedRequest['run']): Promise<Reply> {
    return new Promise((settle) => this.writer.submit({ run, settle, key: undefined, bodyHash: undefined, deadline: Infinity, traceparent: undefined }));
  }

  submit(request: KeyedRequest): Promise<Reply> {
    return new Promise((settle) => this.intake.submit(request, settle));
  }
}

export interface Order {
  readonly market: string;
  readonly key: string;
  readonly days: number;
  readonly immediate: boolean;
  readonly hash: string;
  readonly maxOpenQuotes: number;
  readonly traceparent: string | undefined;
}

const base = (userId: string, key: string, hash: string) => ({ userId, key, bodyHash: Buffer.from(hash), deadline: Infinity, traceparent: undefined });

/** `active`, `matched`, or the code of the refusal, or the failure. */
export function said(reply: Reply): string {
  if ('refused' in reply) return reply.refused.code;
  if ('failed' in reply) return `failed: ${reply.failed.message}`;
  return `${reply.replayed ? 'replayed ' : ''}${reply.done.quote?.status ?? reply.done.state ?? 'done'}`;
}

export function quoteIdOf(reply: Reply): string {
  if (!('done' in reply) || !reply.done.quote) throw new Error(`no quote: ${said(reply)}`);
  return reply.done.quote.id;
}

export const randomKey = (): string => randomBytes(12).toString('hex');
