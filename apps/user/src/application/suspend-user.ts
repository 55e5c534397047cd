import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { WallClock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { lastAdmin, userNotFound } from '../domain/errors';
import { isActiveAdmin, suspend, type User } from '../domain/user';
import { AdminActions, Sessions, Users } from './ports';

/** Ends every session, and tells bidding to cancel every quote. Twice is once. */
@Injectable()
export class SuspendUser {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: Users,
    private readonly sessions: Sessions,
    private readonly actions: AdminActions,
    private readonly outbox: Outbox,
    private readonly wall: WallClock,
  ) {}

  async execute(actorId: string, userId: string, reason: string): Promise<User> {
    return this.transactions.run(async (tx) => {
      const admins = await this.users.lockAdmins(tx);
      const locked = await this.users.lock(tx, userId);
      if (!locked) throw userNotFound(userId);
      if (isActiveAdmin(locked.user) && admins.length === 1) throw lastAdmin();
      const user = suspend(locked.user);
      if (user === locked.user) return user;
      await this.users.update(tx, user);
      const at = this.wall.now();
      await this.sessions.revoke(tx, userId, {}, { at, why: 'suspended' });
      await this.actions.record(tx, { actorId, userId, action: 'suspended', reason, before: 'active', after: 'suspended', at });
      this.outbox.add(tx, 'user.suspended', userId, { userId, scope: 'all', reason: 'admin' });
      return user;
    });
  }
}
