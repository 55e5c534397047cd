import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { normalizeEmail } from '../domain/email';
import { adminExists, userNotFound } from '../domain/errors';
import { type User, withRoles } from '../domain/user';
import { AdminActions, Sessions, Users } from './ports';

/** The one way to an administrator while there is none; the next ones are named by SetRoles. */
@Injectable()
export class GrantFirstAdmin {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: Users,
    private readonly sessions: Sessions,
    private readonly actions: AdminActions,
    private readonly wall: WallClock,
  ) {}

  async execute(email: string): Promise<User> {
    const known = await this.users.credentialsOf({ email: normalizeEmail(email) });
    if (!known) throw userNotFound('');
    const userId = known.user.id;
    return this.transactions.run(async (tx) => {
      const admins = await this.users.lockAdmins(tx);
      if (admins.some((id) => id !== userId)) throw adminExists();
      const locked = await this.users.lock(tx, userId);
      if (!locked) throw userNotFound(userId);
      const user = withRoles(locked.user, [...locked.user.roles, 'admin']);
      if (user === locked.user) return user;
      await this.users.update(tx, user);
      const at = this.wall.now();
      await this.sessions.revoke(tx, userId, {}, { at, why: 'roles_changed' });
      const [before, after] = [locked.user, user].map(({ roles }) => roles.join(' ')) as [string, string];
      await this.actions.record(tx, { userId, action: 'first_admin_granted', reason: 'first administrator', before, after, at });
      return user;
    });
  }
}
