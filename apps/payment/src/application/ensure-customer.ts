import { Injectable } from '@nestjs/common';
import { Transactions } from '@libs/postgres/transaction';
import { Cards } from './ports';
import { CardProvider, type Reply } from './provider';

/** A user is one customer at the provider. The provider's key is the user's id, so that asking twice makes one. */
@Injectable()
export class EnsureCustomer {
  /** The provider refuses a key that is being used, so those who ask at once share one question. */
  private readonly underWay = new Map<string, Promise<Reply<string>>>();

  constructor(
    private readonly transactions: Transactions,
    private readonly cards: Cards,
    private readonly provider: CardProvider,
  ) {}

  execute(userId: string): Promise<Reply<string>> {
    const shared = this.underWay.get(userId) ?? this.find(userId).finally(() => this.underWay.delete(userId));
    this.underWay.set(userId, shared);
    return shared;
  }

  private async find(userId: string): Promise<Reply<string>> {
    const known = await this.cards.customerOf(userId);
    if (known) return { reply: 'done', value: known };
    const made = await this.provider.createCustomer(userId);
    if (made.reply !== 'done') return made;
    await this.transactions.run((tx) => this.cards.addCustomer(tx, userId, made.value));
    return { reply: 'done', value: (await this.cards.customerOf(userId)) ?? made.value };
  }
}
