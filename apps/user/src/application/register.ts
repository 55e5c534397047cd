import { Injectable } from '@nestjs/common';
import { Transactions } from '@libs/postgres/transaction';
import { normalizeEmail } from '../domain/email';
import { emailTaken, passwordWeak } from '../domain/errors';
import { normalizePassword, weaknessOf } from '../domain/password';
import type { Client } from '../domain/session';
import type { User } from '../domain/user';
import { OpenAccount, type Person } from './open-account';
import { PlanMessage } from './plan-message';
import { Passwords, Users } from './ports';
import { StartSession, type Tokens } from './start-session';

@Injectable()
export class Register {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: Users,
    private readonly passwords: Passwords,
    private readonly accounts: OpenAccount,
    private readonly sessions: StartSession,
    private readonly planning: PlanMessage,
  ) {}

  async execute(person: Person, chosen: string, client: Client): Promise<{ user: User; tokens: Tokens }> {
    const email = normalizeEmail(person.email);
    const password = normalizePassword(chosen);
    const weakness = weaknessOf(password, email);
    if (weakness) throw passwordWeak(weakness);
    // Asked before the slow hash, which a second account with this address would not need; decided by the unique index.
    if (await this.users.credentialsOf({ email })) throw emailTaken();
    const hash = await this.passwords.hash(password);
    return this.transactions.run(async (tx) => {
      const user = await this.accounts.execute(tx, { ...person, email }, hash);
      await this.planning.link(tx, user, 'verify_email', email);
      return { user, tokens: await this.sessions.execute(tx, user, client) };
    });
  }
}
