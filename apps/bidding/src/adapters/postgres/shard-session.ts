import { Client } from 'pg';
import { failpoint } from '@libs/kernel/failpoint';
import { type Ids, uuidOfOwn } from '@libs/kernel/ids';
import type { CommitOutcome, LoadedMarket, ShardSession, Taken, Traceparents } from '../../application/ports';
import type { Batch } from '../../domain/batch';
import { Market } from '../../domain/market';
import type { QuoteFacts } from '../../domain/quote';
import { BatchCommit } from './batch-commit';
import { EventLines } from './event-lines';
import { MARKET_COLUMNS, type MarketRow, marketOf } from './market-row';
import { PublicIds } from './public-ids';
import { QUOTE_COLUMNS, type QuoteRow, quoteFactsOf } from './quote-row';

/** Any number that all owners agree upon; the shard is the lock's second half. */
const LOCK = 77;
const CONNECT_MS_MAX = 2_000;
const COMMIT_MS_MAX = 15_000;
const LOAD_MS_MAX = 120_000;
const LOCK_WAIT_MS = 5_000;

const TAKE = `
  with was as (select id, owner from shards where id = any ($1) order by id for update)
  update shards s set epoch = s.epoch + 1, owner = $2 from was where s.id = was.id returning s.id, s.epoch, was.owner as former`;

/**
 * The writer's own connection: it holds the advisory lock of each shard that it owns, so a session that is lost cannot commit,
 * and every commit proves the epoch that was taken with it.
 */
export class PostgresShardSession implements ShardSession {
  readonly epochs = new Map<number, number>();
  private isLost = false;

  private constructor(
    readonly owner: string,
    private readonly client: Client,
    private readonly batches: BatchCommit,
    private readonly lines: EventLines,
  ) {}

  static async open(url: string, owner: string, ids: Ids): Promise<PostgresShardSession> {
    const client = new Client({
      connectionString: url, application_name: 'pairwise-bidding-writer', keepAlive: true,
      connectionTimeoutMillis: CONNECT_MS_MAX, query_timeout: COMMIT_MS_MAX,
    });
    const lost: { session?: PostgresShardSession } = {};
    client.on('error', () => {
      if (lost.session) lost.session.isLost = true;
    });
    await client.connect();
    // An old backend whose client is gone ends soon after, and with it its locks.
    await client.query(`set client_connection_check_interval = '500ms'; set synchronous_commit = on; set lock_timeout = ${LOCK_WAIT_MS}`);
    lost.session = new PostgresShardSession(owner, client, await BatchCommit.open(client), new EventLines(ids));
    return lost.session;
  }

  get alive(): boolean {
    return !this.isLost;
  }

  async take(shards: readonly number[], patience: 'wait' | 'if_free'): Promise<Taken> {
    const taken: number[] = [];
    let wait = patience === 'wait';
    for (const shard of shards) {
      if (this.epochs.has(shard)) continue;
      if (await this.lock(shard, wait ? 'wait' : 'if_free')) taken.push(shard);
      else wait = false; // Somebody else is the owner by now, of the others most likely too.
    }
    if (taken.length === 0) return { shards: [], formerOwners: [] };
    // Waits for whatever the former owner's backend still commits, and refuses all that it sends later.
    const { rows } = await this.client.query<{ id: number; epoch: string; former: string | null }>(TAKE, [taken, this.owner]);
    failpoint('bidding.takeover.afterEpoch');
    for (const { id, epoch } of rows) this.epochs.set(id, Number(epoch));
    const former = new Set(rows.flatMap((row) => (row.former === null || row.former === this.owner ? [] : [row.former])));
    return { shards: taken, formerOwners: [...former] };
  }

  async loadShards(shards: readonly number[]): Promise<LoadedMarket[]> {
    const loaded: LoadedMarket[] = [];
    for (const shard of shards) loaded.push(...(await this.load('m.shard = $1', shard)));
    failpoint('bidding.takeover.midLoad');
    return loaded;
  }

  async loadMarkets(ids: readonly string[]): Promise<LoadedMarket[]> {
    const loaded = await this.load('m.id = any ($1::uuid[])', ids.map((id) => uuidOfOwn('mkt', id)));
    return loaded.filter(({ market }) => this.epochs.has(market.shard));
  }

  async commit(batch: Batch, traceparents: Traceparents): Promise<CommitOutcome> {
    const shards = new Set(batch.shards);
    for (const { market } of batch.steps.values()) shards.add(market.shard);
    const claims = [...shards].sort((a, b) => a - b).map((shard) => [shard, this.epochs.get(shard) ?? -1] as const);
    const lines = this.lines.format(batch.events, batch.at, traceparents);
    const outcome = await this.batches.commit(batch, claims, { owner: this.owner, lines });
    if (outcome.kind === 'unknown') this.isLost = true;
    return outcome;
  }

  async close(): Promise<void> {
    const wasAlive = this.alive;
    this.isLost = true;
    if (wasAlive) return this.client.end();
    // `pg` has no public way to give up a connection that may never answer again.
    (this.client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }

  private async lock(shard: number, patience: 'wait' | 'if_free'): Promise<boolean> {
    if (patience === 'if_free') {
      const { rows } = await this.client.query<{ locked: boolean }>('select pg_try_advisory_lock($1, $2) as locked', [LOCK, shard]);
      return rows[0]?.locked === true;
    }
    try {
      await this.client.query('select pg_advisory_lock($1, $2)', [LOCK, shard]);
      return true;
    } catch (error) {
      // 55P03: the wait was too long; whoever has the lock is alive, and the shard is theirs.
      if ((error as { code?: string }).code === '55P03') return false;
      throw error;
    }
  }

  /** Market rows and open quotes in one snapshot: of a shard or market that is ours nothing else writes. */
  private async load(where: string, parameter: unknown): Promise<LoadedMarket[]> {
    const ids = new PublicIds();
    const run = <Row extends object>(text: string) => this.client.query<Row>({ text, values: [parameter], query_timeout: LOAD_MS_MAX } as { text: string; values: unknown[] });
    const markets = await run<MarketRow>(`select ${MARKET_COLUMNS} from markets m where ${where}`);
    const quotes = await run<QuoteRow>(
      `select ${QUOTE_COLUMNS} from quotes q join markets m on m.id = q.market_id where ${where} and q.status in ('active', 'inactive') order by q.market_id, q.prio`,
    );
    const byMarket = new Map<string, QuoteFacts[]>();
    for (const row of quotes.rows) {
      const list = byMarket.get(row.market_id);
      if (list) list.push(quoteFactsOf(row, ids));
      else byMarket.set(row.market_id, [quoteFactsOf(row, ids)]);
    }
    return markets.rows.map((row) => {
      const { terms, position } = marketOf(row);
      return { market: new Market(terms, position), quotes: byMarket.get(row.id) ?? [] };
    });
  }
}

