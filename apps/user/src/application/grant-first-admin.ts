import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { normalizeEmail } from '../domain/email';
import { adminExists, userNotFound } from '../domain/errors';
import { AdminActions, FirstAdmins, Sessions } from './ports';

/** The one way to an administrator while there is none; the next ones are named by SetRoles. Nobody can do this over the network. */
@Injectable()
export class GrantFirstAdmin {
  constructor(
    private readonly transactions: Transactions,
    private readonly admins: FirstAdmins,
    private readonly sessions: Sessions,
    private readonly actions: AdminActions,
    private readonly wall: WallClock,
  ) {}

  async execute(email: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      const account = await this.admins.lock(tx, normalizeEmail(email));
      if (!account) throw userNotFound('');
      if (account.isAnotherAdmin) throw adminExists();
      const { userId, roles } = account;
      if (roles.includes('admin')) return;
      const granted = [...roles, 'admin'] as const;
      const at = this.wall.now();
      await this.admins.setRoles(tx, userId, granted);
      await this.sessions.revoke(tx, userId, {}, { at, why: 'roles_changed' });
      await this.actions.record(tx, { userId, action: 'first_admin_granted', reason: 'first administrator', before: roles.join(' '), after: granted.join(' '), at });
    });
  }
}
