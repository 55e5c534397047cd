import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type Outbid, type Quote, Quotes } from '../../application/ports';

const PUT = `insert into quotes (id, market_id, side, user_id, price_minor, currency, priority, is_active, expires_at, warn_at, market_seq, changed_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
  on conflict (id) do update set market_id = excluded.market_id, side = excluded.side, user_id = excluded.user_id, currency = excluded.currency, price_minor = excluded.price_minor, priority = excluded.priority, is_active = excluded.is_active, expires_at = excluded.expires_at,
    warn_at = case when quotes.expires_at = excluded.expires_at then quotes.warn_at else excluded.warn_at end, market_seq = excluded.market_seq, changed_at = excluded.changed_at
  where quotes.market_seq < excluded.market_seq returning id`;

/** Ended before it was heard of: what comes late about it is known to be late. */
const END = `insert into quotes (id, market_id, side, user_id, price_minor, currency, priority, is_active, expires_at, market_seq, changed_at)
  values ($1, '00000000-0000-0000-0000-000000000000', 'bid', '00000000-0000-0000-0000-000000000000', 0, '', 0, false, $3, $2, $3)
  on conflict (id) do update set is_active = false, market_seq = excluded.market_seq, changed_at = excluded.changed_at where quotes.market_seq < excluded.market_seq`;

const OUTBID = `select q.id, q.user_id, q.price_minor from quotes q
  where q.market_id = $1 and q.side = 'bid' and q.is_active and q.price_minor < $3 and q.user_id <> $4 and q.expires_at > $5
    and not exists (select from quotes t where t.market_id = $1 and t.side = 'bid' and t.is_active and t.id <> $2 and t.price_minor >= $3 and t.expires_at > $5)
  order by q.price_minor desc, q.priority limit 1`;

const EXPIRING = `with due as (select id from quotes where is_active and warn_at <= $1 and expires_at > $1 order by warn_at limit $2 for update skip locked)
  update quotes q set warn_at = null from due where q.id = due.id returning q.*`;

interface Row {
  readonly id: string;
  readonly market_id: string;
  readonly side: 'bid' | 'ask';
  readonly user_id: string;
  readonly price_minor: number;
  readonly currency: string;
  readonly priority: number;
  readonly is_active: boolean;
  readonly expires_at: Date;
  readonly changed_at: Date;
}

@Injectable()
export class PostgresQuotes extends Quotes {
  constructor(private readonly sql: Sql) {
    super();
  }

  async put(tx: Transaction, quote: Quote, { seq, warnAt, at }: { seq: number; warnAt: Date | undefined; at: Date }): Promise<boolean> {
    const { id, marketId, side, userId, priceMinor, currency, priority, isActive, expiresAt } = quote;
    const values = [uuidOfOwn(side, id), uuidOfOwn('mkt', marketId), side, uuidOfOwn('usr', userId), priceMinor, currency, priority, isActive, expiresAt, warnAt ?? null, seq, at];
    return (await this.sql.in(tx).query(PUT, values)).length > 0;
  }

  async end(tx: Transaction, id: string, { seq, at }: { seq: number; at: Date }): Promise<void> {
    await this.sql.in(tx).query(END, [uuidOfOwn(id.startsWith('bid_') ? 'bid' : 'ask', id), seq, at]);
  }

  async outbidBy(tx: Transaction, { id, marketId, priceMinor, userId }: Quote, now: Date): Promise<Outbid | undefined> {
    const values = [uuidOfOwn('mkt', marketId), uuidOfOwn('bid', id), priceMinor, uuidOfOwn('usr', userId), now];
    const [row] = await this.sql.in(tx).query<Row>(OUTBID, values);
    return row && { bidId: typeId('bid', row.id), userId: typeId('usr', row.user_id), priceMinor: row.price_minor };
  }

  async takeExpiring(tx: Transaction, now: Date, limit: number): Promise<Quote[]> {
    return (await this.sql.in(tx).query<Row>(EXPIRING, [now, limit])).map(quoteOf);
  }

  async expiringCount(now: Date): Promise<number> {
    const [row] = await this.sql.query<{ due: number }>('select count(*) as due from quotes where is_active and warn_at <= $1 and expires_at > $1', [now]);
    return row?.due ?? 0;
  }
}

function quoteOf({ id, market_id: marketId, side, user_id: userId, price_minor: priceMinor, currency, priority, is_active: isActive, expires_at: expiresAt, changed_at: placedAt }: Row): Quote {
  return { id: typeId(side, id), marketId: typeId('mkt', marketId), side, userId: typeId('usr', userId), priceMinor, currency, priority, isActive, placedAt, expiresAt };
}
