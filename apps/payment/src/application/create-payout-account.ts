import { Injectable } from '@nestjs/common';
import { bankRefused, providerUnavailable } from '../domain/errors';
import { PayoutAccounts, type PayoutAccount } from './ports';
import { AccountProvider } from './provider';
import { StoreAccount } from './store-account';

/** Makes the seller's connected account with its first bank account; or gives the account another bank, which holds payouts for a while. */
@Injectable()
export class CreatePayoutAccount {
  constructor(
    private readonly accounts: PayoutAccounts,
    private readonly provider: AccountProvider,
    private readonly store: StoreAccount,
  ) {}

  async execute({ userId, bankToken, country }: { userId: string; bankToken: string; country: string }): Promise<PayoutAccount> {
    const known = await this.accounts.find(userId);
    const reply = known ? await this.provider.changeBank(known.providerId, bankToken) : await this.provider.createAccount({ userId, bankToken, country });
    if (reply.reply === 'refused') throw bankRefused(reply.code);
    if (reply.reply !== 'done') throw providerUnavailable();
    return this.store.execute(userId, reply.value);
  }
}
