import { Injectable } from '@nestjs/common';
import { typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { Reservations } from '../../application/ports';
import type { Reservation } from '../../domain/reservation';

interface Row {
  readonly marketId: string;
  readonly askId: string;
  readonly released: boolean;
}

const FIND = 'select market_id as "marketId", ask_id as "askId", released_at is not null as released from reservations where order_id = $1';

// The conflict may be the order's row or the ask's live one: in both cases the ask is not held by this statement.
const HOLD = 'insert into reservations (order_id, market_id, ask_id, reserved_at) values ($1, $2, $3, $4) on conflict do nothing returning order_id';

const RELEASE = `insert into reservations (order_id, market_id, ask_id, released_at) values ($1, $2, $3, $4)
  on conflict (order_id) do update set released_at = excluded.released_at where reservations.released_at is null`;

@Injectable()
export class PostgresReservations extends Reservations {
  constructor(private readonly sql: Sql) {
    super();
  }

  async lockSize(tx: Transaction, marketId: string): Promise<boolean> {
    const uuid = uuidOf('mkt', marketId);
    return uuid !== undefined && (await this.sql.in(tx).query('select id from sizes where id = $1 for update', [uuid])).length === 1;
  }

  async find(tx: Transaction, orderId: string): Promise<Reservation | undefined> {
    const [row] = await this.sql.in(tx).query<Row>(FIND, [uuidOfOwn('ord', orderId)]);
    return row && { orderId, marketId: typeId('mkt', row.marketId), askId: typeId('ask', row.askId), released: row.released };
  }

  async hold(tx: Transaction, { orderId, marketId, askId }: Omit<Reservation, 'released'>, at: Date): Promise<boolean> {
    const rows = await this.sql.in(tx).query(HOLD, [uuidOfOwn('ord', orderId), uuidOfOwn('mkt', marketId), uuidOfOwn('ask', askId), at]);
    return rows.length === 1;
  }

  async release(tx: Transaction, { orderId, marketId, askId }: Omit<Reservation, 'released'>, at: Date): Promise<void> {
    await this.sql.in(tx).query(RELEASE, [uuidOfOwn('ord', orderId), uuidOfOwn('mkt', marketId), uuidOfOwn('ask', askId), at]);
  }
}
