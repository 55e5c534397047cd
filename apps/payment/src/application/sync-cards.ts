import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Transactions, type Transaction } from '@libs/postgres/transaction';
import { Cards, type Card } from './ports';
import { CardProvider, type CardReading } from './provider';

/** A list that was overtaken is read again, so often at once; then later. */
const TRIES_MAX = 5;

/** Makes our list of a user's cards equal to the provider's, which is the truth, and announces the difference. */
@Injectable()
export class SyncCards {
  constructor(
    private readonly transactions: Transactions,
    private readonly cards: Cards,
    private readonly provider: CardProvider,
    private readonly outbox: Outbox,
  ) {}

  /** False when the provider did not tell. */
  async ofUser(userId: string, closesSetup?: string): Promise<boolean> {
    const customerId = await this.cards.customerOf(userId);
    if (!customerId) return true;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const before = await this.cards.changesOf(userId);
      const reply = await this.provider.listCards(customerId);
      if (reply.reply !== 'done') return reply.reply === 'refused';
      if (await this.recorded(userId, { before, there: reply.value, closesSetup })) return true;
    }
    return false;
  }

  async ofSetup(setupIntentId: string, customerId: string | undefined): Promise<boolean> {
    const userId = customerId && (await this.cards.userOf(customerId));
    return userId ? this.ofUser(userId, setupIntentId) : true;
  }

  /** A detached card no longer names its customer, so we ask our own list. */
  async ofCard(providerId: string, customerId: string | undefined): Promise<boolean> {
    const userId = customerId ? await this.cards.userOf(customerId) : await this.cards.ownerOf(providerId);
    return userId ? this.ofUser(userId) : true;
  }

  /** Not when our list has changed since: the provider's may be older than that, and would undo it. */
  private recorded(userId: string, { before, there, closesSetup }: { before: number; there: readonly CardReading[]; closesSetup: string | undefined }): Promise<boolean> {
    return this.transactions.run(async (tx) => {
      await this.cards.lockUser(tx, userId);
      if ((await this.cards.changesOf(userId, tx)) !== before) return false;
      await this.equalise(tx, userId, there);
      if (closesSetup) await this.cards.closeSetup(tx, closesSetup);
      return true;
    });
  }

  private async equalise(tx: Transaction, userId: string, there: readonly CardReading[]): Promise<void> {
    const here = await this.cards.ofUser(userId, tx);
    for (const card of here.filter((known) => !there.some(({ providerId }) => providerId === known.providerId))) await this.removed(tx, card);
    for (const reading of there.filter(({ providerId }) => !here.some((known) => known.providerId === providerId))) {
      const isDefault = !(await this.cards.ofUser(userId, tx)).some((card) => card.isDefault);
      const card = await this.cards.add(tx, { ...reading, userId, isDefault });
      this.outbox.add(tx, 'payment_method.verified', userId, { userId, paymentMethodId: card.id, isDefault });
    }
  }

  /** The oldest card that is left becomes the default. */
  async removed(tx: Transaction, { id, userId, isDefault }: Card): Promise<void> {
    await this.cards.remove(tx, id);
    this.outbox.add(tx, 'payment_method.removed', userId, { userId, paymentMethodId: id });
    const [next] = await this.cards.ofUser(userId, tx);
    if (!isDefault || !next) return;
    await this.cards.makeDefault(tx, userId, next.id);
    this.outbox.add(tx, 'payment_method.verified', userId, { userId, paymentMethodId: next.id, isDefault: true });
  }
}
