import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { lastAdmin, userNotFound } from '../domain/errors';
import { isActiveAdmin, type User, withRoles } from '../domain/user';
import { AdminActions, Sessions, Users } from './ports';

interface NewRoles {
  readonly actorId: string;
  readonly userId: string;
  readonly roles: readonly string[];
  readonly reason: string;
  /** 0 compares nothing. */
  readonly expectedVersion: number;
}

/** A role is part of the access token, so all sessions of the user end: the next login brings the new roles. */
@Injectable()
export class SetRoles {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: Users,
    private readonly sessions: Sessions,
    private readonly actions: AdminActions,
    private readonly wall: WallClock,
  ) {}

  async execute({ actorId, userId, roles, reason, expectedVersion }: NewRoles): Promise<User> {
    return this.transactions.run(async (tx) => {
      const admins = await this.users.lockAdmins(tx);
      const locked = await this.users.lock(tx, userId);
      if (!locked) throw userNotFound(userId);
      const user = withRoles(locked.user, roles, expectedVersion);
      if (user === locked.user) return user;
      if (isActiveAdmin(locked.user) && !isActiveAdmin(user) && admins.length === 1) throw lastAdmin();
      await this.users.update(tx, user);
      const at = this.wall.now();
      await this.sessions.revoke(tx, userId, {}, { at, why: 'roles_changed' });
      await this.actions.record(tx, { actorId, userId, action: 'roles_set', reason, before: locked.user.roles.join(' '), after: user.roles.join(' '), at });
      return user;
    });
  }
}
