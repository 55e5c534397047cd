import { Injectable } from '@nestjs/common';
import type { EventOf } from '@libs/contracts/events';
import { OnEvent } from '@libs/events/on-event';
import type { Transaction } from '@libs/postgres/transaction';
import { FactStore } from '../../application/ports';

@Injectable()
export class OnPaymentMethod {
  constructor(private readonly facts: FactStore) {}

  @OnEvent('payment_method.verified')
  async verified(tx: Transaction, { userId, paymentMethodId, isDefault }: EventOf<'payment_method.verified'>): Promise<void> {
    await this.facts.paymentMethodVerified(tx, userId, paymentMethodId, isDefault);
  }

  @OnEvent('payment_method.removed')
  async removed(tx: Transaction, { userId, paymentMethodId }: EventOf<'payment_method.removed'>): Promise<void> {
    await this.facts.paymentMethodRemoved(tx, userId, paymentMethodId);
  }

  @OnEvent('payout_account.enabled')
  async payoutEnabled(tx: Transaction, { userId }: EventOf<'payout_account.enabled'>): Promise<void> {
    await this.facts.payoutAccount(tx, userId, true);
  }

  @OnEvent('payout_account.disabled')
  async payoutDisabled(tx: Transaction, { userId }: EventOf<'payout_account.disabled'>): Promise<void> {
    await this.facts.payoutAccount(tx, userId, false);
  }
}
