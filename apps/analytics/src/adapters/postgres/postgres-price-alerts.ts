import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import type { Money } from '@libs/kernel/money';
import { Sql, type Statements } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type PriceAlert, PriceAlerts } from '../../application/collections';
import { lockUser } from './locks';

@Injectable()
export class PostgresPriceAlerts extends PriceAlerts {
  constructor(private readonly sql: Sql) {
    super();
  }

  all(userId: string): Promise<PriceAlert[]> {
    return alertsOf(this.sql, uuidOfOwn('usr', userId));
  }

  async lockedOf(tx: Transaction, userId: string): Promise<PriceAlert[]> {
    const [statements, user] = [this.sql.in(tx), uuidOfOwn('usr', userId)];
    await lockUser(statements, user);
    return alertsOf(statements, user);
  }

  async create(tx: Transaction, userId: string, { id, marketId, threshold, createdAt }: PriceAlert): Promise<void> {
    const CREATE = 'insert into price_alerts (id, user_id, market_id, currency, threshold, created_at) values ($1, $2, $3, $4, $5, $6)';
    await this.sql.in(tx).query(CREATE, [uuidOfOwn('alt', id), uuidOfOwn('usr', userId), uuidOfOwn('mkt', marketId), threshold.currency, threshold.minor, createdAt]);
  }

  async change(tx: Transaction, id: string, threshold: Money): Promise<void> {
    await this.sql.in(tx).query('update price_alerts set threshold = $2 where id = $1', [uuidOfOwn('alt', id), threshold.minor]);
  }

  async remove(tx: Transaction, id: string): Promise<void> {
    await this.sql.in(tx).query('delete from price_alerts where id = $1', [uuidOfOwn('alt', id)]);
  }
}

async function alertsOf(statements: Statements, user: string): Promise<PriceAlert[]> {
  const rows = await statements.query<{ id: string; market_id: string; currency: string; threshold: number; created_at: Date }>('select * from price_alerts where user_id = $1 order by id', [user]);
  return rows.map((row) => ({ id: typeId('alt', row.id), marketId: typeId('mkt', row.market_id), threshold: { currency: row.currency, minor: row.threshold }, createdAt: row.created_at }));
}
