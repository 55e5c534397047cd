import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { invariant } from '@libs/kernel/invariant';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { Calendar } from '../../application/ports';
import type { DeadlineRules } from '../../domain/deadlines';

/** Every order asks several times; what an operator changes holds within a minute. */
const KEPT_MS = 60_000;

const RULES = `select effective_from as "from", ship_by_business_days as "shipByBusinessDays", ship_by_grace_hours as "shipByGraceHours", inbound_lost_days as "inboundLostDays",
  inspection_business_days as "inspectionBusinessDays", handover_business_days as "handoverBusinessDays", auto_delivered_days as "autoDeliveredDays"
  from deadline_rules order by effective_from desc`;

interface Page {
  readonly rules: readonly (DeadlineRules & { readonly from: Date })[];
  readonly untilMs: number;
}

@Injectable()
export class PostgresCalendar extends Calendar {
  private page: Page | undefined;

  constructor(
    private readonly sql: Sql,
    private readonly wall: WallClock,
  ) {
    super();
  }

  async rules(tx: Transaction, at: Date): Promise<DeadlineRules> {
    const found = (await this.read(tx)).rules.find(({ from }) => from <= at);
    invariant(found, `no deadlines are in force at ${at.toISOString()}`);
    return found;
  }

  private async read(tx: Transaction): Promise<Page> {
    const nowMs = this.wall.now().getTime();
    if (this.page && nowMs < this.page.untilMs) return this.page;
    const rules = await this.sql.in(tx).query<Page['rules'][number]>(RULES);
    this.page = { rules, untilMs: nowMs + KEPT_MS };
    return this.page;
  }
}
