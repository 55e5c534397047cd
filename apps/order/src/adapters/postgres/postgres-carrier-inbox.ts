import { Injectable } from '@nestjs/common';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type CarrierEvent, CarrierInbox } from '../../application/ports';

const ADD = `insert into carrier_events (event_id, tracking, kind, at, raw_sha256) values ($1, $2, $3, $4, $5) on conflict do nothing returning event_id`;

const UNAPPLIED = `select event_id as id, tracking, kind, at, raw_sha256 as "rawSha256" from carrier_events
  where tracking = $1 and applied_at is null order by at, event_id`;

@Injectable()
export class PostgresCarrierInbox extends CarrierInbox {
  constructor(private readonly sql: Sql) {
    super();
  }

  async add(tx: Transaction, { id, tracking, kind, at, rawSha256 }: CarrierEvent): Promise<boolean> {
    // One parcel at a time: a scan that comes while its label is being recorded is either seen there or applied here.
    await this.sql.in(tx).query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [tracking]);
    const rows = await this.sql.in(tx).query(ADD, [id, tracking, kind, at, rawSha256]);
    return rows.length > 0;
  }

  async unapplied(tx: Transaction, tracking: string): Promise<CarrierEvent[]> {
    await this.sql.in(tx).query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [tracking]);
    return this.sql.in(tx).query<CarrierEvent>(UNAPPLIED, [tracking]);
  }

  async applied(tx: Transaction, eventId: string): Promise<void> {
    await this.sql.in(tx).query('update carrier_events set applied_at = now() where event_id = $1', [eventId]);
  }
}
