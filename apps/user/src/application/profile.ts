import { Injectable } from '@nestjs/common';
import { Transactions } from '@libs/postgres/transaction';
import { userNotFound } from '../domain/errors';
import { changeProfile, type ProfileChanges, type User } from '../domain/user';
import { Users } from './ports';

@Injectable()
export class Profile {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: Users,
  ) {}

  async read(userId: string): Promise<User> {
    const user = await this.users.find(userId);
    if (!user) throw userNotFound(userId);
    return user;
  }

  async update(userId: string, changes: ProfileChanges, expectedVersion: number): Promise<User> {
    return this.transactions.run(async (tx) => {
      const locked = await this.users.lock(tx, userId);
      if (!locked) throw userNotFound(userId);
      const changed = changeProfile(locked.user, changes, expectedVersion);
      if (changed !== locked.user) await this.users.update(tx, changed);
      return changed;
    });
  }
}
