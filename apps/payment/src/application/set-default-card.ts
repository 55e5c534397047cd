import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Transactions } from '@libs/postgres/transaction';
import { methodNotFound } from '../domain/errors';
import { Cards, type Card } from './ports';

/** Chooses the card for quotes that name none. Announced as the card's own event, which says whether it is the default. */
@Injectable()
export class SetDefaultCard {
  constructor(
    private readonly transactions: Transactions,
    private readonly cards: Cards,
    private readonly outbox: Outbox,
  ) {}

  execute(userId: string, cardId: string): Promise<Card> {
    return this.transactions.run(async (tx) => {
      await this.cards.lockUser(tx, userId);
      const card = (await this.cards.ofUser(userId, tx)).find(({ id }) => id === cardId);
      if (!card) throw methodNotFound();
      if (card.isDefault) return card;
      await this.cards.makeDefault(tx, userId, cardId);
      this.outbox.add(tx, 'payment_method.verified', userId, { userId, paymentMethodId: cardId, isDefault: true });
      return { ...card, isDefault: true };
    });
  }
}
