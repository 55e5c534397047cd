import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql, type Statements } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type HistoryBatch, type Unwritten, UnwrittenTrades } from '../../application/ports';
import type { Candle } from '../../domain/candle';
import { stopWriter, tryToWrite } from './locks';
import { candleOf, FIGURES } from './postgres-price-history';
import { SALE_COLUMNS, saleOf, type SaleRow } from './trade-row';

const ADD = `insert into unwritten (match_id) select unnest($1::uuid[]) on conflict (match_id) do update set n = nextval('unwritten_n')`;
const ADD_ALL = `insert into unwritten (match_id, since) select match_id, '-infinity' from trades where sold_at is not null
  on conflict (match_id) do update set n = nextval('unwritten_n'), since = '-infinity'`;
const TAKE = `select u.match_id, u.n, t.is_sale, t.brand, ${SALE_COLUMNS} from unwritten u join trades t on t.match_id = u.match_id order by u.n limit $1`;
const DONE = `delete from unwritten u using unnest($1::uuid[], $2::bigint[]) d (match_id, n) where u.match_id = d.match_id and u.n = d.n`;

const WIDTH = `interval '5 minutes'`;
const bucketsOf = (column: string, type: string) => `
  select b.of, b.start, ${candleOf(column, 'b.of')} from unnest($1::${type}[], $2::timestamptz[]) b (of, start)
   cross join lateral (select ${FIGURES} from trades t where t.is_sale and t.${column} = b.of and t.sold_at >= b.start and t.sold_at < b.start + ${WIDTH}) c`;

type TakenRow = SaleRow & { readonly n: number; readonly is_sale: boolean; readonly brand: string | null };
type BucketRow = Candle & { readonly of: string };

const FINEST_MS = 300_000;

@Injectable()
export class PostgresUnwritten extends UnwrittenTrades {
  constructor(private readonly sql: Sql) {
    super();
  }

  async add(tx: Transaction, matchIds: readonly string[]): Promise<void> {
    await this.sql.in(tx).query(ADD, [matchIds.map((id) => uuidOfOwn('mtc', id))]);
  }

  async addAll(tx: Transaction): Promise<void> {
    const statements = this.sql.in(tx);
    await stopWriter(statements);
    // Whoever adds all of them may also wait for a history that forgets what it has.
    await statements.query(`set local statement_timeout = '10min'; set local idle_in_transaction_session_timeout = '15min'`);
    await statements.query(ADD_ALL);
  }

  async take(tx: Transaction, limit: number): Promise<{ rows: readonly Unwritten[]; batch: HistoryBatch }> {
    const statements = this.sql.in(tx);
    if (!(await tryToWrite(statements))) return { rows: [], batch: { sales: [], gone: [], buckets: [] } };
    const taken = await statements.query<TakenRow>(TAKE, [limit]);
    // What was never paid was never written.
    const paid = taken.filter((row) => row.sold_at !== null && row.market_seq !== null);
    const buckets = [
      ...(await bucketRows(statements, paid.map((row) => [row.product_id, row.sold_at] as const), ['product_id', 'uuid'])).map(({ of, start, candle }) => ({ scope: { kind: 'product', id: typeId('prd', of) } as const, start, candle })),
      ...(await bucketRows(statements, paid.flatMap((row) => (row.brand === null ? [] : [[row.brand, row.sold_at] as const])), ['brand', 'text'])).map(({ of, start, candle }) => ({ scope: { kind: 'brand', brand: of } as const, start, candle })),
    ];
    return {
      rows: taken.map((row) => ({ matchId: typeId('mtc', row.match_id), n: row.n })),
      batch: {
        sales: paid.filter((row) => row.is_sale).map(saleOf),
        gone: paid.filter((row) => !row.is_sale).map((row) => ({ marketId: typeId('mkt', row.market_id), soldAt: row.sold_at, sequence: row.market_seq })),
        buckets,
      },
    };
  }

  async done(tx: Transaction, rows: readonly Unwritten[]): Promise<void> {
    await this.sql.in(tx).query(DONE, [rows.map(({ matchId }) => uuidOfOwn('mtc', matchId)), rows.map(({ n }) => n)]);
  }

  async count(): Promise<number> {
    const [row] = await this.sql.query<{ n: number }>('select count(*) as n from unwritten');
    return row?.n ?? 0;
  }

  async isBehind(seconds: number): Promise<boolean> {
    const [row] = await this.sql.query<{ behind: boolean }>('select exists (select from unwritten where since < now() - make_interval(secs => $1)) as behind', [seconds]);
    return row?.behind ?? false;
  }

  async settleOn(tx: Transaction, target: string | undefined): Promise<boolean> {
    const statements = this.sql.in(tx);
    if (target === undefined) {
      await statements.query('delete from unwritten');
      await statements.query('delete from history_target');
      return false;
    }
    const changed = await statements.query('insert into history_target (target) values ($1) on conflict (is_only) do update set target = excluded.target where history_target.target <> excluded.target returning 1 as is_new', [target]);
    return changed.length > 0;
  }
}

/** Each bucket once, as the trades make it now. */
async function bucketRows(statements: Statements, places: readonly (readonly [string, Date])[], [column, type]: readonly [string, string]) {
  const once = new Map(places.map(([of, at]) => {
    const start = new Date(Math.floor(at.getTime() / FINEST_MS) * FINEST_MS);
    return [`${start.getTime()} ${of}`, { of, start }] as const;
  }));
  const wanted = [...once.values()];
  if (wanted.length === 0) return [];
  const rows = await statements.query<BucketRow>(bucketsOf(column, type), [wanted.map(({ of }) => of), wanted.map(({ start }) => start)]);
  return rows.map(({ of, ...candle }) => ({ of, start: candle.start, candle: candle.sales > 0 ? candle : undefined }));
}
