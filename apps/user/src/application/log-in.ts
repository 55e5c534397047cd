import { Injectable } from '@nestjs/common';
import { Transactions } from '@libs/postgres/transaction';
import { normalizeEmail } from '../domain/email';
import { credentialsWrong } from '../domain/errors';
import { normalizePassword } from '../domain/password';
import type { Client } from '../domain/session';
import type { User } from '../domain/user';
import { PlanMessage } from './plan-message';
import { Passwords, Sessions, Users } from './ports';
import { StartSession, type Tokens } from './start-session';

/** A suspended user may log in, to see why and to follow orders that still run; trading is what bidding refuses. */
@Injectable()
export class LogIn {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: Users,
    private readonly passwords: Passwords,
    private readonly starts: StartSession,
    private readonly sessions: Sessions,
    private readonly planning: PlanMessage,
  ) {}

  async execute(email: string, typed: string, client: Client): Promise<{ user: User; tokens: Tokens }> {
    const password = normalizePassword(typed);
    const known = await this.users.credentialsOf({ email: normalizeEmail(email) });
    const matches = await this.passwords.matches(password, known?.passwordHash);
    if (!known || !matches) throw credentialsWrong();
    const betterHash = this.passwords.isOutdated(known.passwordHash) ? await this.passwords.hash(password) : undefined;
    return this.transactions.run(async (tx) => {
      const locked = await this.users.lock(tx, known.user.id);
      // The password was changed while this one was being compared.
      if (!locked || locked.passwordHash !== known.passwordHash) throw credentialsWrong();
      if (betterHash) await this.users.setPassword(tx, known.user.id, betterHash);
      if (!(await this.sessions.knowsClient(tx, known.user.id, client))) await this.planning.notice(tx, locked.user, 'new_sign_in');
      return { user: locked.user, tokens: await this.starts.execute(tx, locked.user, client) };
    });
  }
}
