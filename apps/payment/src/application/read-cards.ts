import { Injectable } from '@nestjs/common';
import { Cards, PayoutAccounts, type Card } from './ports';
import { SyncCards } from './sync-cards';

/** A user's verified cards. While one is being added the provider is asked as well, so that a card added a moment ago counts. */
@Injectable()
export class ReadCards {
  constructor(
    private readonly cards: Cards,
    private readonly accounts: PayoutAccounts,
    private readonly sync: SyncCards,
  ) {}

  async ofUser(userId: string): Promise<Card[]> {
    if (await this.cards.hasOpenSetup(userId)) await this.sync.ofUser(userId);
    return this.cards.ofUser(userId);
  }

  async tradingFacts(userId: string): Promise<{ paymentMethodIds: string[]; payoutAccountEnabled: boolean }> {
    const [cards, account] = await Promise.all([this.ofUser(userId), this.accounts.find(userId)]);
    return { paymentMethodIds: cards.map(({ id }) => id), payoutAccountEnabled: account?.isEnabled ?? false };
  }
}
