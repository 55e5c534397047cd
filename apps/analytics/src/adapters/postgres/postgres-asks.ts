import { Injectable } from '@nestjs/common';
import { partitionOf } from '@libs/events/bus';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import type { Money } from '@libs/kernel/money';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { Asks, type AskWord, type LowestAskChange } from '../../application/ports';
import { FALL_WINDOW_MS } from '../../domain/price-drop';

const TAKE = `delete from stirred_markets s using (select n from stirred_markets order by n limit $1 for update skip locked) x
  where s.n = x.n returning s.market_id`;

const LOWEST = `select a.price, a.currency from asks a where a.market_id = $1 and a.is_open and (a.expires_at is null or a.expires_at > $2) order by a.price limit 1`;

/** What the lowest ask was: now by the books, before as it was kept, and the highest of the window, with what was in force when it began. */
const CHANGED = `
  select s.market_id, m.product_id, m.size, l.price, l.currency, b.price as before, b.currency as before_currency,
         greatest((select max(h.price) from lowest_asks h where h.market_id = s.market_id and h.changed_at > $2::timestamptz - $3 * interval '1 millisecond'),
                  (select f.price from lowest_asks f where f.market_id = s.market_id and f.changed_at <= $2::timestamptz - $3 * interval '1 millisecond' order by f.changed_at desc, f.n desc limit 1)) as highest
    from unnest($1::uuid[]) s (market_id)
    join markets m on m.id = s.market_id
    left join lateral (select a.price, a.currency from asks a where a.market_id = s.market_id and a.is_open and (a.expires_at is null or a.expires_at > $2) order by a.price limit 1) l on true
    left join lateral (select h.price, h.currency from lowest_asks h where h.market_id = s.market_id order by h.changed_at desc, h.n desc limit 1) b on true
   where l.price is distinct from b.price`;
const KEEP = `insert into lowest_asks (market_id, changed_at, price, currency) select m, $4, p, c from unnest($1::uuid[], $2::bigint[], $3::text[]) g (m, p, c)`;
/** The last word on each market stays, and what was in force when the window began. */
const FORGET = `delete from lowest_asks h where h.changed_at < $1
  and exists (select from lowest_asks later where later.market_id = h.market_id and later.changed_at <= $1 and (later.changed_at, later.n) > (h.changed_at, h.n))`;

const PRUNED_AT_ONCE = 5_000;
/** Longer than the log reaches back: nothing older can come late. */
const FORGET_CLOSED = `delete from asks where ctid = any (array(select ctid from asks where not is_open and changed_at < now() - interval '31 days' limit ${PRUNED_AT_ONCE})) returning 1 as gone`;

interface ChangedRow {
  readonly market_id: string;
  readonly product_id: string;
  readonly size: string;
  readonly price: number | null;
  readonly currency: string | null;
  readonly before: number | null;
  readonly before_currency: string | null;
  readonly highest: number | null;
}

@Injectable()
export class PostgresAsks extends Asks {
  constructor(private readonly sql: Sql) {
    super();
  }

  async note(tx: Transaction, { askId, marketId, price, isOpen, expiresAt, marketSeq }: AskWord): Promise<void> {
    await this.sql.in(tx).query('select note_ask($1, $2, $3, $4, $5, $6, $7, $8)', [partitionOf(marketId), uuidOfOwn('ask', askId), uuidOfOwn('mkt', marketId), price.minor, price.currency, isOpen, expiresAt ?? null, marketSeq]);
  }

  async lookAgain(tx: Transaction, limit: number, now: Date): Promise<{ looked: number; changes: LowestAskChange[] }> {
    const statements = this.sql.in(tx);
    const stirred = await statements.query<{ market_id: string }>(TAKE, [limit]);
    if (stirred.length === 0) return { looked: 0, changes: [] };
    const rows = await statements.query<ChangedRow>(CHANGED, [[...new Set(stirred.map((row) => row.market_id))], now, FALL_WINDOW_MS]);
    await statements.query(KEEP, [rows.map((row) => row.market_id), rows.map((row) => row.price), rows.map((row) => row.currency), now]);
    return { looked: stirred.length, changes: rows.map(changeOf) };
  }

  async lowest(marketId: string, now: Date): Promise<Money | undefined> {
    const [row] = await this.sql.query<{ price: number; currency: string }>(LOWEST, [uuidOfOwn('mkt', marketId), now]);
    return row && { currency: row.currency, minor: row.price };
  }

  async forget(before: Date): Promise<void> {
    await this.sql.query(FORGET, [before]);
  }

  async forgetClosed(): Promise<boolean> {
    return (await this.sql.query(FORGET_CLOSED)).length === PRUNED_AT_ONCE;
  }

  async stirred(): Promise<number> {
    const [row] = await this.sql.query<{ n: number }>('select count(*) as n from stirred_markets');
    return row?.n ?? 0;
  }
}

function changeOf(row: ChangedRow): LowestAskChange {
  const moneyOf = (minor: number | null, currency: string | null): Money | undefined => (minor === null || currency === null ? undefined : { currency, minor });
  return {
    marketId: typeId('mkt', row.market_id), productId: typeId('prd', row.product_id), size: row.size,
    now: moneyOf(row.price, row.currency), before: moneyOf(row.before, row.before_currency), highest: row.highest ?? undefined,
  };
}
