import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { credentialsWrong, passwordWeak, userNotFound } from '../domain/errors';
import { normalizePassword, weaknessOf } from '../domain/password';
import { PlanMessage } from './plan-message';
import { Passwords, Sessions, Users } from './ports';

/** The session that changes it goes on; every other one of the user's ends. */
@Injectable()
export class ChangePassword {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: Users,
    private readonly passwords: Passwords,
    private readonly sessions: Sessions,
    private readonly planning: PlanMessage,
    private readonly wall: WallClock,
  ) {}

  async execute(caller: { id: string; sessionId: string }, current: string, chosen: string): Promise<void> {
    const known = await this.users.credentialsOf({ id: caller.id });
    if (!known) throw userNotFound(caller.id);
    const password = normalizePassword(chosen);
    const weakness = weaknessOf(password, known.user.email);
    if (weakness) throw passwordWeak(weakness);
    if (!(await this.passwords.matches(normalizePassword(current), known.passwordHash))) throw credentialsWrong();
    const hash = await this.passwords.hash(password);
    await this.transactions.run(async (tx) => {
      const locked = await this.users.lock(tx, caller.id);
      if (locked?.passwordHash !== known.passwordHash) throw credentialsWrong();
      await this.users.setPassword(tx, caller.id, hash);
      await this.sessions.revoke(tx, caller.id, { except: caller.sessionId }, { at: this.wall.now(), why: 'password_changed' });
      await this.planning.notice(tx, locked.user, 'password_changed');
    });
  }
}
