import { Injectable } from '@nestjs/common';
import type { EventOf } from '@libs/contracts/events';
import { type Delivery, OnEvent } from '@libs/events/on-event';
import type { Transaction } from '@libs/postgres/transaction';
import { PlanMessage } from '../../application/plan-message';
import type { Kind } from '../../domain/catalogue';
import { sourceOf } from './fields';

/** What tells of a suspension that is not of the whole account. */
const suspensions: Readonly<Record<string, Kind>> = { buying: 'buying_suspended', selling: 'selling_suspended' };

@Injectable()
export class OnUser {
  constructor(private readonly planning: PlanMessage) {}

  @OnEvent('user.registered')
  async registered(tx: Transaction, { userId }: EventOf<'user.registered'>, delivery: Delivery): Promise<void> {
    await this.planning.execute(tx, { source: sourceOf(delivery), kind: 'welcome', userId, facts: {} });
  }

  @OnEvent('user.suspended')
  async suspended(tx: Transaction, { userId, scope }: EventOf<'user.suspended'>, delivery: Delivery): Promise<void> {
    await this.planning.execute(tx, { source: sourceOf(delivery), kind: suspensions[scope] ?? 'account_suspended', userId, facts: {} });
  }

  @OnEvent('user.reinstated')
  async reinstated(tx: Transaction, { userId }: EventOf<'user.reinstated'>, delivery: Delivery): Promise<void> {
    await this.planning.execute(tx, { source: sourceOf(delivery), kind: 'account_reinstated', userId, facts: {} });
  }

  @OnEvent('payment_method.verified')
  async cardAdded(tx: Transaction, { userId }: EventOf<'payment_method.verified'>, delivery: Delivery): Promise<void> {
    await this.planning.execute(tx, { source: sourceOf(delivery), kind: 'card_added', userId, facts: {} });
  }

  @OnEvent('payment_method.removed')
  async cardRemoved(tx: Transaction, { userId }: EventOf<'payment_method.removed'>, delivery: Delivery): Promise<void> {
    await this.planning.execute(tx, { source: sourceOf(delivery), kind: 'card_removed', userId, facts: {} });
  }

  @OnEvent('payout_account.changed')
  async payoutAccountChanged(tx: Transaction, { userId }: EventOf<'payout_account.changed'>, delivery: Delivery): Promise<void> {
    await this.planning.execute(tx, { source: sourceOf(delivery), kind: 'payout_account_changed', userId, facts: {} });
  }

  @OnEvent('payout_account.disabled')
  async payoutAccountDisabled(tx: Transaction, { userId }: EventOf<'payout_account.disabled'>, delivery: Delivery): Promise<void> {
    await this.planning.execute(tx, { source: sourceOf(delivery), kind: 'payout_account_disabled', userId, facts: {} });
  }
}
