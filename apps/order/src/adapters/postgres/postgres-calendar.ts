import { Injectable } from '@nestjs/common';
import { invariant } from '@libs/kernel/invariant';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { Calendar } from '../../application/ports';
import type { DeadlineRules, Holidays } from '../../domain/deadlines';

const RULES = `select ship_by_business_days as "shipByBusinessDays", ship_by_grace_hours as "shipByGraceHours",
  inbound_lost_days as "inboundLostDays",
  inspection_business_days as "inspectionBusinessDays", handover_business_days as "handoverBusinessDays", auto_delivered_days as "autoDeliveredDays"
  from deadline_rules where effective_from <= $1 order by effective_from desc limit 1`;

// No deadline in business days reaches further than a quarter.
const HOLIDAYS = `select to_char(day, 'YYYY-MM-DD') as day from holidays where day between $1::timestamptz::date and $1::timestamptz::date + 92`;

@Injectable()
export class PostgresCalendar extends Calendar {
  constructor(private readonly sql: Sql) {
    super();
  }

  async rules(tx: Transaction, at: Date): Promise<DeadlineRules> {
    const rows = await this.sql.in(tx).query<DeadlineRules>(RULES, [at]);
    invariant(rows[0], `no deadlines are in force at ${at.toISOString()}`);
    return rows[0];
  }

  async holidays(tx: Transaction, from: Date): Promise<Holidays> {
    const rows = await this.sql.in(tx).query<{ day: string }>(HOLIDAYS, [from]);
    return new Set(rows.map(({ day }) => day));
  }
}
