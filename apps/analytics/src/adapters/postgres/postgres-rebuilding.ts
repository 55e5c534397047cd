import { Injectable } from '@nestjs/common';
import { uuidOfOwn } from '@libs/kernel/ids';
import { Sql, type Statements } from '@libs/postgres/sql';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { type AskWord, type MatchedFact, type PaidFact, Rebuilding, type RebuildOutcome } from '../../application/ports';
import { stopFacts } from './locks';
import { paidArrays } from './postgres-trades';
import { FACT_COLUMNS, mergeMatched, mergePaid } from './trade-row';

const LONG = `set local statement_timeout = '10min'`;

/** A sum over the rows: their order in the table is of no account. Asks that are out of the book are none. */
const HASH = `
  select (select count(*) || ':' || coalesce(sum(hashtextextended(row(${FACT_COLUMNS})::text, 0)::numeric), 0) from trades)
      || '/' || (select count(*) || ':' || coalesce(sum(hashtextextended(row(ask_id, market_id, price, currency, expires_at)::text, 0)::numeric), 0) from asks where is_open) as hash`;

const columns = FACT_COLUMNS.split(', ');
const differs = `(${columns.map((name) => `t.${name}`).join(', ')}) is distinct from (${columns.map((name) => `excluded.${name}`).join(', ')})`;
const DROP = `with gone as (delete from trades t where not exists (select from trades_next n where n.match_id = t.match_id) returning 1) select count(*) as n from gone`;
const COPY = `with changed as (
  insert into trades as t (${FACT_COLUMNS}) select ${FACT_COLUMNS} from trades_next
      on conflict (match_id) do update set ${columns.slice(1).map((name) => `${name} = excluded.${name}`).join(', ')} where ${differs} returning 1) select count(*) as n from changed`;
const ASKS = [
  `insert into stirred_markets (market_id) select market_id from (select ask_id, market_id, price from asks where is_open except select ask_id, market_id, price from asks_next where is_open) x union
     select market_id from (select ask_id, market_id, price from asks_next where is_open except select ask_id, market_id, price from asks where is_open) y`,
  'delete from asks',
  'insert into asks select * from asks_next',
  'delete from asks_next',
];
const GATHER_ASKS = `insert into asks_next as a (ask_id, market_id, price, currency, expires_at, market_seq, is_open)
  select *, true from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[], $6::bigint[])
      on conflict (ask_id) do update set price = excluded.price, expires_at = excluded.expires_at, market_seq = excluded.market_seq, is_open = true where a.market_seq < excluded.market_seq`;

@Injectable()
export class PostgresRebuilding extends Rebuilding {
  constructor(
    private readonly sql: Sql,
    private readonly transactions: Transactions,
  ) {
    super();
  }

  async begin(): Promise<string | undefined> {
    const [asked] = await this.sql.query<{ id: string }>(`select id from rebuilds where state in ('requested', 'gathering')`);
    if (!asked) return undefined;
    await this.transactions.run(async (tx) => {
      const statements = this.sql.in(tx);
      await statements.query(LONG);
      await stopFacts(statements);
      // One that was begun and left half done begins anew: what it gathered before may be older than what is known.
      for (const table of ['trades_next', 'asks_next']) await statements.query(`delete from ${table}`);
      await statements.query(`update rebuilds set state = 'gathering', before_hash = $2 where id = $1`, [asked.id, await hashOf(statements)]);
    });
    return asked.id;
  }

  async gatherMatches(matches: readonly (MatchedFact & { isBust: boolean })[]): Promise<void> {
    await this.sql.query(mergeMatched('trades_next'), [matches.map(({ matchId }) => uuidOfOwn('mtc', matchId)), matches.map(({ marketId }) => uuidOfOwn('mkt', marketId)), matches.map(({ marketSeq }) => marketSeq), matches.map(({ isBust }) => isBust)]);
  }

  async gatherPaid(orders: readonly PaidFact[]): Promise<void> {
    await this.sql.query(mergePaid('trades_next'), paidArrays(orders));
  }

  async gatherAsks(asks: readonly Omit<AskWord, 'isOpen'>[]): Promise<void> {
    await this.sql.query(GATHER_ASKS, [
      asks.map(({ askId }) => uuidOfOwn('ask', askId)), asks.map(({ marketId }) => uuidOfOwn('mkt', marketId)), asks.map(({ price }) => price.minor),
      asks.map(({ price }) => price.currency), asks.map(({ expiresAt }) => expiresAt ?? null), asks.map(({ marketSeq }) => marketSeq),
    ]);
  }

  async finish(tx: Transaction, id: string): Promise<RebuildOutcome> {
    const statements = this.sql.in(tx);
    await statements.query(LONG);
    await stopFacts(statements);
    const [dropped] = await statements.query<{ n: number }>(DROP);
    const [copied] = await statements.query<{ n: number }>(COPY);
    for (const statement of ['delete from trades_next', ...ASKS]) await statements.query(statement);
    const changed = (dropped?.n ?? 0) + (copied?.n ?? 0);
    const afterHash = await hashOf(statements);
    const rows = await statements.query<{ before_hash: string }>(`update rebuilds set state = 'done', after_hash = $2, changed = $3, ended_at = now() where id = $1 returning before_hash`, [id, afterHash, changed]);
    return { beforeHash: rows[0]?.before_hash ?? '', afterHash, changed };
  }

  async fail(id: string, why: string): Promise<void> {
    await this.sql.query(`update rebuilds set state = 'failed', note = $2, ended_at = now() where id = $1 and state <> 'done'`, [id, why.slice(0, 500)]);
  }

  hash(): Promise<string> {
    return hashOf(this.sql);
  }
}

async function hashOf(statements: Statements): Promise<string> {
  const [row] = await statements.query<{ hash: string }>(HASH);
  return row?.hash ?? '';
}
