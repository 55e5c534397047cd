import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Clock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { userNotFound } from '../domain/errors';
import { ruleOf, strikeKindOf, strikesCountFrom } from '../domain/strikes';
import { suspendSide, type User } from '../domain/user';
import { Strikes, Users } from './ports';

/** Idempotent by (order, kind). Sessions and orders go on: it is bidding that takes no more quotes of that side, and cancels those that stand. */
@Injectable()
export class RecordStrike {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: Users,
    private readonly strikes: Strikes,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async execute(userId: string, orderId: string, kindName: string): Promise<Pick<User, 'buyingSuspended' | 'sellingSuspended'> & { strikes: number }> {
    const kind = strikeKindOf(kindName);
    const rule = ruleOf(kind);
    return this.transactions.run(async (tx) => {
      const locked = await this.users.lock(tx, userId);
      if (!locked) throw userNotFound(userId);
      const now = this.clock.now();
      const since = strikesCountFrom(rule, now, locked.user.reinstatedAt);
      const strikes = await this.strikes.record(tx, { userId, orderId, kind, at: now }, { kinds: rule.kinds, since });
      const user = strikes >= rule.limit ? suspendSide(locked.user, rule.side) : locked.user;
      if (user !== locked.user) {
        await this.users.update(tx, user);
        this.outbox.add(tx, 'user.suspended', userId, { userId, scope: rule.side, reason: rule.reason });
      }
      return { strikes, buyingSuspended: user.buyingSuspended, sellingSuspended: user.sellingSuspended };
    });
  }
}
