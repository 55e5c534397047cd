import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Clock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { userNotFound } from '../domain/errors';
import { reinstate, suspensionsOf, type User } from '../domain/user';
import { AdminActions, Users } from './ports';

/** Lifts every suspension. Strikes from before do not count any more; quotes that were cancelled stay cancelled. */
@Injectable()
export class ReinstateUser {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: Users,
    private readonly actions: AdminActions,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async execute(actorId: string, userId: string, reason: string): Promise<User> {
    return this.transactions.run(async (tx) => {
      const locked = await this.users.lock(tx, userId);
      if (!locked) throw userNotFound(userId);
      const at = this.clock.now();
      const user = reinstate(locked.user, at);
      if (user === locked.user) return user;
      await this.users.update(tx, user);
      const before = suspensionsOf(locked.user).join(', ');
      await this.actions.record(tx, { actorId, userId, action: 'reinstated', reason, before, after: 'active', at });
      this.outbox.add(tx, 'user.reinstated', userId, { userId });
      return user;
    });
  }
}
