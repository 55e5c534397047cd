import { Injectable } from '@nestjs/common';
import { invariant } from '@libs/kernel/invariant';
import { typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type StrayParcel, StrayParcels } from '../../application/ports';

interface Row {
  readonly id: string;
  readonly tracking: string;
  readonly order_id: string;
  readonly note: string;
  readonly received_at: Date;
  readonly resolved_at: Date | null;
  readonly resolution: string;
}

const OPEN = `insert into stray_parcels (id, tracking, order_id, note, received_at) values ($1, $2, $3, $4, $5)
  on conflict (tracking, order_id) where resolved_at is null do update set tracking = excluded.tracking returning *`;

const RESOLVE = 'update stray_parcels set resolved_at = $2, resolved_by = $3, resolution = $4 where id = $1 and resolved_at is null';

const PAGE = 'select * from stray_parcels where ($1 or resolved_at is null) and ($2::uuid is null or id < $2) order by id desc limit $3';

@Injectable()
export class PostgresStrayParcels extends StrayParcels {
  constructor(private readonly sql: Sql) {
    super();
  }

  async open(tx: Transaction, { id, tracking, orderId, note, receivedAt }: Omit<StrayParcel, 'resolvedAt' | 'resolution'>): Promise<StrayParcel> {
    const rows = await this.sql.in(tx).query<Row>(OPEN, [uuidOfOwn('par', id), tracking, orderId, note, receivedAt]);
    invariant(rows[0], 'a stray parcel was not kept');
    return parcelOf(rows[0]);
  }

  async page({ includeResolved, limit, before }: { includeResolved: boolean; limit: number; before?: string }): Promise<StrayParcel[]> {
    const rows = await this.sql.query<Row>(PAGE, [includeResolved, before ? uuidOfOwn('par', before) : null, limit]);
    return rows.map(parcelOf);
  }

  async find(tx: Transaction, id: string): Promise<StrayParcel | undefined> {
    const uuid = uuidOf('par', id);
    const rows = uuid ? await this.sql.in(tx).query<Row>('select * from stray_parcels where id = $1', [uuid]) : [];
    return rows[0] && parcelOf(rows[0]);
  }

  async resolve(tx: Transaction, id: string, resolution: string, by: { userId: string; at: Date }): Promise<void> {
    const uuid = uuidOf('par', id);
    if (uuid) await this.sql.in(tx).query(RESOLVE, [uuid, by.at, uuidOfOwn('usr', by.userId), resolution]);
  }
}

function parcelOf(row: Row): StrayParcel {
  const { id, tracking, order_id: orderId, note, received_at: receivedAt, resolved_at: resolvedAt, resolution } = row;
  return { id: typeId('par', id), tracking, orderId, note, receivedAt, resolvedAt: resolvedAt ?? undefined, resolution };
}
