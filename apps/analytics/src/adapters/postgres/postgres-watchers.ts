import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { Watchers } from '../../application/ports';

const OF_MARKET = `select l.user_id from watchlist_items i join watchlists l on l.id = i.watchlist_id where i.market_id = $1
  union select user_id from price_alerts where market_id = $1`;
const CLAIM = `insert into told_of_drops as t (user_id, market_id, told_at) select u, $2, $3 from unnest($1::uuid[]) u order by u
  on conflict (user_id, market_id) do update set told_at = excluded.told_at where t.told_at <= $4 returning user_id`;

@Injectable()
export class PostgresWatchers extends Watchers {
  constructor(private readonly sql: Sql) {
    super();
  }

  async thresholds(tx: Transaction, marketId: string): Promise<{ userId: string; threshold: number }[]> {
    const rows = await this.sql.in(tx).query<{ user_id: string; threshold: number }>('select user_id, threshold from price_alerts where market_id = $1', [uuidOfOwn('mkt', marketId)]);
    return rows.map(({ user_id, threshold }) => ({ userId: typeId('usr', user_id), threshold }));
  }

  async ofMarket(tx: Transaction, marketId: string): Promise<string[]> {
    return usersOf(await this.sql.in(tx).query(OF_MARKET, [uuidOfOwn('mkt', marketId)]));
  }

  async claim(tx: Transaction, userIds: readonly string[], { marketId, at, quietSince }: { marketId: string; at: Date; quietSince: Date }): Promise<string[]> {
    return usersOf(await this.sql.in(tx).query(CLAIM, [userIds.map((id) => uuidOfOwn('usr', id)), uuidOfOwn('mkt', marketId), at, quietSince]));
  }

  async forget(before: Date): Promise<void> {
    await this.sql.query('delete from told_of_drops where told_at < $1', [before]);
  }
}

function usersOf(rows: readonly { user_id: string }[]): string[] {
  return rows.map(({ user_id }) => typeId('usr', user_id));
}
