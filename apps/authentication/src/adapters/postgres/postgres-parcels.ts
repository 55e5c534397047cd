import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { Parcels } from '../../application/ports';

@Injectable()
export class PostgresParcels extends Parcels {
  constructor(private readonly sql: Sql) {
    super();
  }

  async note(tx: Transaction, tracking: string, orderId: string): Promise<void> {
    await this.sql.in(tx).query('insert into parcels (tracking, order_id) values ($1, $2) on conflict do nothing', [tracking, uuidOfOwn('ord', orderId)]);
  }

  async noteLabel(tx: Transaction, tracking: string, orderId: string): Promise<void> {
    const text = 'insert into parcels (tracking, order_id) values ($1, $2) on conflict (tracking) do update set order_id = excluded.order_id';
    await this.sql.in(tx).query(text, [tracking, uuidOfOwn('ord', orderId)]);
  }

  async orderOf(tx: Transaction, tracking: string): Promise<string | undefined> {
    const rows = await this.sql.in(tx).query<{ order_id: string }>('select order_id from parcels where tracking = $1', [tracking]);
    return rows[0] && typeId('ord', rows[0].order_id);
  }
}
