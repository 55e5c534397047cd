import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type Shipment, Shipments } from '../../application/ports';
import type { Leg } from '../../domain/order';
import type { ParcelState, Scan } from '../../domain/parcel';

interface Row {
  readonly tracking: string;
  readonly order_id: string;
  readonly leg: Leg;
  readonly carrier: string;
  readonly label_url: string;
  readonly state: ParcelState;
  readonly shipped_at: Date | null;
}

const ADD = `insert into shipments (tracking, order_id, leg, carrier, label_url, created_at) values ($1, $2, $3, $4, $5, $6)
  on conflict (tracking) do update set tracking = excluded.tracking where shipments.order_id = excluded.order_id and shipments.leg = excluded.leg
  returning tracking`;

const UPDATE = `update shipments set state = $2, checked_at = now(),
    shipped_at = case when $3 = 'lost' then shipped_at else least(shipped_at, $4) end,
    delivered_at = case when $3 = 'delivered' then least(delivered_at, $4) else delivered_at end
  where tracking = $1`;

const TAKE_UNCHECKED = `update shipments set checked_at = now() where tracking in (
    select tracking from shipments where state not in ('delivered', 'lost') and label_url <> '' and checked_at < now() - make_interval(secs => $1 / 1000.0)
    order by checked_at limit $2 for update skip locked)
  returning tracking`;

@Injectable()
export class PostgresShipments extends Shipments {
  constructor(private readonly sql: Sql) {
    super();
  }

  async add(tx: Transaction, shipment: Omit<Shipment, 'state' | 'shippedAt'>, at: Date): Promise<boolean> {
    const { tracking, orderId, leg, carrier, labelUrl } = shipment;
    const rows = await this.sql.in(tx).query(ADD, [tracking, uuidOfOwn('ord', orderId), leg, carrier, labelUrl, at]);
    return rows.length > 0;
  }

  async find(tx: Transaction, tracking: string): Promise<Shipment | undefined> {
    const rows = await this.sql.in(tx).query<Row>('select * from shipments where tracking = $1', [tracking]);
    return rows[0] && shipmentOf(rows[0]);
  }

  async findLabel(orderId: string, tracking: string): Promise<Shipment | undefined> {
    const rows = await this.sql.query<Row>(`select * from shipments where tracking = $1 and order_id = $2 and label_url <> ''`, [tracking, uuidOfOwn('ord', orderId)]);
    return rows[0] && shipmentOf(rows[0]);
  }

  async findTyped(tracking: string): Promise<Shipment | undefined> {
    const rows = await this.sql.query<Row>(`select * from shipments where tracking = $1 and label_url = ''`, [tracking]);
    return rows[0] && shipmentOf(rows[0]);
  }

  async dropTyped(tx: Transaction, { tracking, orderId }: Pick<Shipment, 'tracking' | 'orderId'>): Promise<boolean> {
    const text = `delete from shipments where tracking = $1 and order_id = $2 and label_url = '' returning tracking`;
    return (await this.sql.in(tx).query(text, [tracking, uuidOfOwn('ord', orderId)])).length > 0;
  }

  async update(tx: Transaction, tracking: string, state: ParcelState, scan: Scan): Promise<void> {
    await this.sql.in(tx).query(UPDATE, [tracking, state, scan.kind, scan.at]);
  }

  async takeUnchecked(olderThanMs: number, limit: number): Promise<string[]> {
    const rows = await this.sql.query<{ tracking: string }>(TAKE_UNCHECKED, [olderThanMs, limit]);
    return rows.map(({ tracking }) => tracking);
  }
}

function shipmentOf({ tracking, order_id, leg, carrier, label_url, state, shipped_at }: Row): Shipment {
  return { tracking, orderId: typeId('ord', order_id), leg, carrier, labelUrl: label_url, state, shippedAt: shipped_at ?? undefined };
}
