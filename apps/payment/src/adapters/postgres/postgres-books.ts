import { Injectable } from '@nestjs/common';
import { Ids, typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { EndpointSecrets, FeeSchedules, ReconcileCursor, Refunds, type EndpointSecret, type Refund } from '../../application/ports';
import type { FeeSchedule } from '../../domain/fees';

@Injectable()
export class PostgresFeeSchedules extends FeeSchedules {
  constructor(private readonly sql: Sql) {
    super();
  }

  async all(): Promise<FeeSchedule[]> {
    const text = `select id, currency, effective_from as "effectiveFrom", buyer_fee_bps as "buyerFeeBps", shipping_minor as "shippingMinor", seller_fee_bps as "sellerFeeBps",
      seller_fee_min_minor as "sellerFeeMinMinor", processing_bps as "processingBps" from fee_schedules`;
    return this.sql.query<FeeSchedule>(text);
  }
}

@Injectable()
export class PostgresRefunds extends Refunds {
  constructor(
    private readonly sql: Sql,
    private readonly ids: Ids,
  ) {
    super();
  }

  async ofOrder(tx: Transaction, orderId: string): Promise<Refund | undefined> {
    const text = 'select id, reason, borne_by_platform as borne from refunds where order_id = $1';
    const [row] = await this.sql.in(tx).query<{ id: string; reason: string; borne: boolean }>(text, [uuidOfOwn('ord', orderId)]);
    return row && { id: typeId('rfd', row.id), orderId, reason: row.reason, isBorneByPlatform: row.borne };
  }

  async add(tx: Transaction, { orderId, reason, isBorneByPlatform }: Omit<Refund, 'id'>): Promise<void> {
    const text = 'insert into refunds (id, order_id, reason, borne_by_platform) values ($1, $2, $3, $4)';
    await this.sql.in(tx).query(text, [uuidOfOwn('rfd', this.ids.next('rfd')), uuidOfOwn('ord', orderId), reason, isBorneByPlatform]);
  }
}

@Injectable()
export class PostgresReconcileCursor extends ReconcileCursor {
  constructor(private readonly sql: Sql) {
    super();
  }

  async read(): Promise<Date | undefined> {
    const [row] = await this.sql.query<{ at: Date }>('select at from reconcile_cursor');
    return row?.at;
  }

  async move(to: Date): Promise<void> {
    await this.sql.query('insert into reconcile_cursor (at) values ($1) on conflict (is_only) do update set at = excluded.at', [to]);
  }
}

@Injectable()
export class PostgresEndpointSecrets extends EndpointSecrets {
  constructor(private readonly sql: Sql) {
    super();
  }

  async find(name: string): Promise<EndpointSecret | undefined> {
    const [row] = await this.sql.query<EndpointSecret>('select name, psp_id as "providerId", url, secret as sealed from webhook_endpoints where name = $1', [name]);
    return row;
  }

  async save({ name, providerId, url, sealed }: EndpointSecret): Promise<void> {
    const text = `insert into webhook_endpoints (name, psp_id, url, secret) values ($1, $2, $3, $4)
      on conflict (name) do update set psp_id = excluded.psp_id, url = excluded.url, secret = excluded.secret, made_at = now()`;
    await this.sql.query(text, [name, providerId, url, sealed]);
  }
}
