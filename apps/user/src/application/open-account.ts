import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Clock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import { timestampOf } from '@libs/kernel/timestamp';
import type { Transaction } from '@libs/postgres/transaction';
import { emailTaken } from '../domain/errors';
import { newUser, type User } from '../domain/user';
import { Users } from './ports';

export interface Person {
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
}

/** The account itself, without a session: what Register begins with. */
@Injectable()
export class OpenAccount {
  constructor(
    private readonly users: Users,
    private readonly outbox: Outbox,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  async execute(tx: Transaction, { email, ...name }: Person, passwordHash: string): Promise<User> {
    const now = this.clock.now();
    const user = newUser(this.ids.next('usr'), email, name, now);
    if (!(await this.users.add(tx, user, passwordHash))) throw emailTaken();
    this.outbox.add(tx, 'user.registered', user.id, { userId: user.id, registeredAt: timestampOf(now) });
    return user;
  }
}
