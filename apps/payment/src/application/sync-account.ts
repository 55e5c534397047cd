import { Injectable } from '@nestjs/common';
import { uuidOf } from '@libs/kernel/ids';
import { PayoutAccounts } from './ports';
import { AccountProvider } from './provider';
import { StoreAccount } from './store-account';

/** A reading that was overtaken is made again, so often at once; then later. */
const TRIES_MAX = 5;

/** Fetches a connected account that a message is about. One that we do not know was made for the user whose id it bears, and our own answer is late or lost: it is taken on. */
@Injectable()
export class SyncAccount {
  constructor(
    private readonly accounts: PayoutAccounts,
    private readonly provider: AccountProvider,
    private readonly store: StoreAccount,
  ) {}

  /** False when the provider did not tell. */
  async execute(providerId: string): Promise<boolean> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const userId = await this.accounts.userOf(providerId);
      const before = userId === undefined ? undefined : await this.accounts.find(userId);
      const reply = await this.provider.readAccount(providerId);
      if (reply.reply !== 'done') return reply.reply === 'refused';
      const owner = userId ?? reply.value.userId;
      if (owner === undefined || !uuidOf('usr', owner) || (await this.store.unlessOvertaken(owner, reply.value, before))) return true;
    }
    return false;
  }
}
