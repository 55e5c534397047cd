import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Clock } from '@libs/kernel/clock';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { PayoutAccounts, type PayoutAccount } from './ports';
import type { AccountReading } from './provider';

/** Writes down what the provider says of a seller's account, and announces what is new: usable, no longer usable, another bank. */
@Injectable()
export class StoreAccount {
  constructor(
    private readonly transactions: Transactions,
    private readonly accounts: PayoutAccounts,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  execute(userId: string, reading: AccountReading): Promise<PayoutAccount> {
    return this.transactions.run((tx) => this.write(tx, userId, reading));
  }

  /** Not when ours is no longer what it was `before` the reading, which may then be the older of the two. Answers whether it was written down. */
  unlessOvertaken(userId: string, reading: AccountReading, before: PayoutAccount | undefined): Promise<boolean> {
    return this.transactions.run(async (tx) => {
      const known = await this.accounts.lock(tx, userId);
      if (known?.providerId === reading.id && (known.bankChanges !== before?.bankChanges || known.isEnabled !== before?.isEnabled)) return false;
      await this.write(tx, userId, reading);
      return true;
    });
  }

  private async write(tx: Transaction, userId: string, reading: AccountReading): Promise<PayoutAccount> {
    const { id: providerId, isEnabled, bankLast4, bankFingerprint } = reading;
    const first: PayoutAccount = { userId, providerId, isEnabled, bankLast4, bankFingerprint, changedAt: undefined, bankChanges: 0 };
    const isFirst = await this.accounts.add(tx, first);
    const known = isFirst ? first : await this.accounts.lock(tx, userId);
    // Of two accounts made at the same moment one is kept; the other never gets any money.
    if (!known || known.providerId !== providerId) return known ?? first;
    const hasChanged = known.bankFingerprint !== bankFingerprint;
    const next: PayoutAccount = { ...first, changedAt: hasChanged ? this.clock.now() : known.changedAt, bankChanges: known.bankChanges + (hasChanged ? 1 : 0) };
    if (!isFirst) await this.accounts.save(tx, next);
    if (isEnabled && (isFirst || !known.isEnabled)) this.outbox.add(tx, 'payout_account.enabled', userId, { userId });
    if (!isEnabled && !isFirst && known.isEnabled) this.outbox.add(tx, 'payout_account.disabled', userId, { userId });
    if (hasChanged) this.outbox.add(tx, 'payout_account.changed', userId, { userId });
    return next;
  }
}
