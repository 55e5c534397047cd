import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Clock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { userNotFound } from '../domain/errors';
import { endsBuying, strikeKindOf, strikesCountFrom } from '../domain/strikes';
import { suspendBuying } from '../domain/user';
import { Strikes, Users } from './ports';

/** Idempotent by (order, kind). Sessions go on: it is bidding that takes no more bids, and cancels those that stand. */
@Injectable()
export class RecordStrike {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: Users,
    private readonly strikes: Strikes,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async execute(userId: string, orderId: string, kindName: string): Promise<{ strikes: number; buyingSuspended: boolean }> {
    const kind = strikeKindOf(kindName);
    return this.transactions.run(async (tx) => {
      const locked = await this.users.lock(tx, userId);
      if (!locked) throw userNotFound(userId);
      const now = this.clock.now();
      const strikes = await this.strikes.record(tx, { userId, orderId, kind, at: now }, strikesCountFrom(now, locked.user.reinstatedAt));
      const user = endsBuying(kind, strikes) ? suspendBuying(locked.user) : locked.user;
      if (user !== locked.user) {
        await this.users.update(tx, user);
        this.outbox.add(tx, 'user.suspended', userId, { userId, scope: 'buying', reason: 'unpaid_wins' });
      }
      return { strikes, buyingSuspended: user.buyingSuspended };
    });
  }
}
