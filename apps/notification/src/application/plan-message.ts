import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import type { Transaction } from '@libs/postgres/transaction';
import { channelsFor } from '../domain/preferences';
import { Messages, type Plan, PreferenceBook } from './ports';

/** Writes down that somebody is to be told, by the ways that they want: in the transaction of the fact that it tells of. */
@Injectable()
export class PlanMessage {
  constructor(
    private readonly messages: Messages,
    private readonly preferences: PreferenceBook,
    private readonly clock: Clock,
  ) {}

  async execute(tx: Transaction, plan: Plan): Promise<void> {
    if (plan.source === undefined) return;
    const wanted = channelsFor(plan.kind, await this.preferences.read(tx, plan.userId));
    if (wanted.length > 0) await this.messages.plan(tx, plan, wanted, this.clock.now());
  }
}
