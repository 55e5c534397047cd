import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { Transactions, type Transaction } from '@libs/postgres/transaction';
import { normalizeEmail } from '../domain/email';
import { credentialsWrong, emailTaken, emailUnchanged, tooManyMails, userNotFound } from '../domain/errors';
import { linkLifeMs, type LinkPurpose, MAILS_PER_WINDOW_MAX } from '../domain/mail';
import { normalizePassword } from '../domain/password';
import type { User } from '../domain/user';
import { EmailChanges } from './message-ports';
import { PlanMessage } from './plan-message';
import { Passwords, Users } from './ports';

/** Nothing changes yet: a link goes to either address. An old address that was never verified is not asked, since it may be a misspelt one that nobody reads. */
@Injectable()
export class ChangeEmail {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: Users,
    private readonly passwords: Passwords,
    private readonly changes: EmailChanges,
    private readonly planning: PlanMessage,
    private readonly wall: WallClock,
  ) {}

  async execute(userId: string, password: string, wanted: string): Promise<void> {
    const newEmail = normalizeEmail(wanted);
    const known = await this.users.credentialsOf({ id: userId });
    if (!known) throw userNotFound(userId);
    if (!(await this.passwords.matches(normalizePassword(password), known.passwordHash))) throw credentialsWrong();
    await this.transactions.run(async (tx) => {
      const locked = await this.users.lock(tx, userId);
      if (locked?.passwordHash !== known.passwordHash) throw credentialsWrong();
      const { user } = locked;
      if (newEmail === user.email) throw emailUnchanged();
      if ((await this.users.idOf(tx, newEmail)) !== undefined) throw emailTaken();
      const at = this.wall.now();
      const expiresAt = new Date(at.getTime() + linkLifeMs.confirm_new_email);
      await this.changes.wish(tx, { userId, oldEmail: user.email, newEmail, expiresAt, oldConfirmed: !user.emailVerified, newConfirmed: false }, at);
      if (user.emailVerified) await this.link(tx, user, 'confirm_old_email', user.email);
      await this.link(tx, user, 'confirm_new_email', newEmail);
    });
  }

  private async link(tx: Transaction, user: User, purpose: LinkPurpose, to: string): Promise<void> {
    if (!(await this.planning.link(tx, user, purpose, to))) throw tooManyMails(MAILS_PER_WINDOW_MAX);
  }
}
