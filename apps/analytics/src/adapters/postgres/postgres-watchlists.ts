import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql, type Statements } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type Watchlist, Watchlists } from '../../application/collections';
import { lockUser } from './locks';

const ALL = `select l.id, l.name, l.created_at, coalesce(array_agg(i.market_id order by i.added_at, i.market_id) filter (where i.market_id is not null), '{}') as markets
  from watchlists l left join watchlist_items i on i.watchlist_id = l.id where l.user_id = $1 group by l.id order by l.id`;

@Injectable()
export class PostgresWatchlists extends Watchlists {
  constructor(private readonly sql: Sql) {
    super();
  }

  all(userId: string): Promise<Watchlist[]> {
    return listsOf(this.sql, uuidOfOwn('usr', userId));
  }

  async lockedOf(tx: Transaction, userId: string): Promise<Watchlist[]> {
    const [statements, user] = [this.sql.in(tx), uuidOfOwn('usr', userId)];
    await lockUser(statements, user);
    return listsOf(statements, user);
  }

  async create(tx: Transaction, userId: string, { id, name, createdAt }: Omit<Watchlist, 'marketIds'>): Promise<void> {
    await this.sql.in(tx).query('insert into watchlists (id, user_id, name, created_at) values ($1, $2, $3, $4)', [uuidOfOwn('wls', id), uuidOfOwn('usr', userId), name, createdAt]);
  }

  async rename(tx: Transaction, id: string, name: string): Promise<void> {
    await this.sql.in(tx).query('update watchlists set name = $2 where id = $1', [uuidOfOwn('wls', id), name]);
  }

  async remove(tx: Transaction, id: string): Promise<void> {
    await this.sql.in(tx).query('delete from watchlists where id = $1', [uuidOfOwn('wls', id)]);
  }

  async put(tx: Transaction, id: string, marketId: string, at: Date): Promise<void> {
    const PUT = 'insert into watchlist_items (watchlist_id, market_id, added_at) values ($1, $2, $3) on conflict do nothing';
    await this.sql.in(tx).query(PUT, [uuidOfOwn('wls', id), uuidOfOwn('mkt', marketId), at]);
  }

  async take(tx: Transaction, id: string, marketId: string): Promise<void> {
    await this.sql.in(tx).query('delete from watchlist_items where watchlist_id = $1 and market_id = $2', [uuidOfOwn('wls', id), uuidOfOwn('mkt', marketId)]);
  }
}

async function listsOf(statements: Statements, user: string): Promise<Watchlist[]> {
  const rows = await statements.query<{ id: string; name: string; created_at: Date; markets: string[] }>(ALL, [user]);
  return rows.map(({ id, name, created_at: createdAt, markets }) => ({ id: typeId('wls', id), name, createdAt, marketIds: markets.map((market) => typeId('mkt', market)) }));
}
