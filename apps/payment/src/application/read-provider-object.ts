import { Injectable } from '@nestjs/common';
import type { InboxEvent } from './ports';
import { SyncAccount } from './sync-account';
import { SyncCards } from './sync-cards';
import { WatchCharges } from './watch-charges';
import { WatchPayouts } from './watch-payouts';
import { WatchRefunds } from './watch-refunds';

/** Fetches the object that a message is about, and settles what it shows. False when the provider did not tell. Messages about anything else are kept and change nothing. */
@Injectable()
export class ReadProviderObject {
  constructor(
    private readonly charges: WatchCharges,
    private readonly refunds: WatchRefunds,
    private readonly payouts: WatchPayouts,
    private readonly cards: SyncCards,
    private readonly accounts: SyncAccount,
  ) {}

  execute({ type, objectId, accountId, customerId }: InboxEvent): Promise<boolean> {
    if (objectId.startsWith('pi_')) return this.charges.look(objectId);
    if (objectId.startsWith('re_')) return this.refunds.look(objectId);
    if (objectId.startsWith('po_') && accountId) return this.payouts.look(accountId, objectId);
    if (type === 'setup_intent.succeeded') return this.cards.ofSetup(objectId, customerId);
    if (type.startsWith('payment_method.')) return this.cards.ofCard(objectId, customerId);
    if (type.startsWith('account.') && accountId) return this.accounts.execute(accountId);
    return Promise.resolve(true);
  }
}
