import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { bankRefused, providerUnavailable } from '../domain/errors';
import { keyAtProvider, KeyedCommands } from './keyed-commands';
import { PayoutAccounts, type PayoutAccount } from './ports';
import { AccountProvider, type AccountReading, type Reply } from './provider';
import { StoreAccount } from './store-account';

interface NewBank {
  readonly userId: string;
  readonly bankToken: string;
  readonly country: string;
  readonly idempotencyKey: string;
}

type Told = Pick<PayoutAccount, 'isEnabled' | 'bankLast4'>;

/** A change that is under way: how the account stood before it, and since when its payouts are held. */
interface Mark {
  readonly before: PayoutAccount;
  readonly changedAt: Date;
}

/** Makes the seller's connected account with its first bank account; or gives the account another bank, which holds payouts for a while. */
@Injectable()
export class CreatePayoutAccount {
  constructor(
    private readonly transactions: Transactions,
    private readonly accounts: PayoutAccounts,
    private readonly provider: AccountProvider,
    private readonly store: StoreAccount,
    private readonly clock: Clock,
    private readonly keyed: KeyedCommands,
  ) {}

  async execute(bank: NewBank): Promise<Told & { isReplay: boolean }> {
    const { userId, bankToken, country, idempotencyKey: key } = bank;
    const { answer, isReplay } = await this.keyed.run({ userId, key }, ['payout account', bankToken, country], async () => {
      const mark = await this.mark(userId);
      const { isEnabled, bankLast4 } = mark ? await this.change(bank, mark) : await this.create(bank);
      return { isEnabled, bankLast4 };
    });
    return { ...answer, isReplay };
  }

  private async create(bank: NewBank): Promise<PayoutAccount> {
    const reply = await this.provider.createAccount({ ...bank, key: `account:${sent(bank, '')}` });
    if (reply.reply !== 'done') throw refusal(reply);
    const stored = await this.store.execute(bank.userId, reply.value);
    // What has changed since then may have been told before we knew the account.
    const now = await this.provider.readAccount(stored.providerId);
    return now.reply === 'done' ? this.store.execute(bank.userId, now.value) : stored;
  }

  /** Whatever becomes of the answer, payouts are held from before the provider hears of it. Only a change that is known not to have been one lifts that again. */
  private async change(bank: NewBank, mark: Mark): Promise<PayoutAccount> {
    const { userId, bankToken } = bank;
    const { providerId: accountId, bankFingerprint, bankChanges } = mark.before;
    const reply = await this.provider.changeBank({ key: `bank:${accountId}:${sent(bank, `:${bankChanges}`)}`, accountId, bankToken });
    const seen = reply.reply === 'done' ? reply : await this.provider.readAccount(accountId);
    const stored = seen.reply === 'done' ? await this.store.execute(userId, seen.value) : undefined;
    const isKnown = stored !== undefined && (reply.reply === 'done' || reply.reply === 'refused' || reply.reply === 'not_taken');
    const account = isKnown ? await this.unmark(userId, mark) : stored;
    if (reply.reply === 'done' || (reply.reply === 'unknown' && account && account.bankFingerprint !== bankFingerprint)) return account ?? mark.before;
    throw refusal(reply);
  }

  private mark(userId: string): Promise<Mark | undefined> {
    return this.transactions.run(async (tx) => {
      const before = await this.accounts.lock(tx, userId);
      if (!before) return undefined;
      const changedAt = this.clock.now();
      await this.accounts.save(tx, { ...before, changedAt });
      return { before, changedAt };
    });
  }

  /** The bank is the one that it was: nothing is held on account of this change, unless another one has come in between. */
  private unmark(userId: string, { before, changedAt }: Mark): Promise<PayoutAccount | undefined> {
    return this.transactions.run(async (tx) => {
      const now = await this.accounts.lock(tx, userId);
      if (!now || now.bankChanges !== before.bankChanges || now.changedAt?.getTime() !== changedAt.getTime()) return now;
      const restored = { ...now, changedAt: before.changedAt };
      await this.accounts.save(tx, restored);
      return restored;
    });
  }
}

/** What the provider tells one request from another by: the caller's key; without one the token, which works once. */
function sent({ userId, idempotencyKey: key, country, bankToken }: NewBank, state: string): string {
  return key === '' ? `${userId}:${country}:${bankToken}${state}` : keyAtProvider({ userId, key });
}

function refusal(reply: Exclude<Reply<AccountReading>, { reply: 'done' }>): Error {
  return reply.reply === 'refused' ? bankRefused(reply.code) : providerUnavailable();
}
