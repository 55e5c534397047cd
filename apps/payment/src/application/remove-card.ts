import { Injectable } from '@nestjs/common';
import { Transactions } from '@libs/postgres/transaction';
import { methodNotFound, providerUnavailable } from '../domain/errors';
import { Cards } from './ports';
import { CardProvider } from './provider';
import { SyncCards } from './sync-cards';

/** Detaches a card at the provider first: what is gone there can never be charged, whatever happens here. */
@Injectable()
export class RemoveCard {
  constructor(
    private readonly transactions: Transactions,
    private readonly cards: Cards,
    private readonly provider: CardProvider,
    private readonly sync: SyncCards,
  ) {}

  async execute(userId: string, cardId: string): Promise<void> {
    const card = await this.cards.find(cardId);
    if (!card || card.userId !== userId) throw methodNotFound();
    const reply = await this.provider.removeCard(card.providerId);
    if (reply.reply !== 'done' && reply.reply !== 'refused') throw providerUnavailable();
    await this.transactions.run(async (tx) => {
      await this.cards.lockUser(tx, userId);
      const present = (await this.cards.ofUser(userId, tx)).find(({ id }) => id === cardId);
      if (present) await this.sync.removed(tx, present);
    });
  }
}
