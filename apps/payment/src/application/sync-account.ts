import { Injectable } from '@nestjs/common';
import { PayoutAccounts } from './ports';
import { AccountProvider } from './provider';
import { StoreAccount } from './store-account';

/** Fetches a connected account that a message is about. */
@Injectable()
export class SyncAccount {
  constructor(
    private readonly accounts: PayoutAccounts,
    private readonly provider: AccountProvider,
    private readonly store: StoreAccount,
  ) {}

  /** False when the provider did not tell. */
  async execute(providerId: string): Promise<boolean> {
    const userId = await this.accounts.userOf(providerId);
    if (!userId) return true;
    const reply = await this.provider.readAccount(providerId);
    if (reply.reply !== 'done') return reply.reply === 'refused';
    await this.store.execute(userId, reply.value);
    return true;
  }
}
