import { Injectable } from '@nestjs/common';
import type { Address } from '../domain/address';
import type { User } from '../domain/user';
import { Addresses, Users } from './ports';

/** What bidding asks when an event has not reached it yet. */
@Injectable()
export class TradingFacts {
  constructor(
    private readonly users: Users,
    private readonly addresses: Addresses,
  ) {}

  async of(userId: string): Promise<{ user: User; addresses: readonly Address[] } | undefined> {
    const user = await this.users.find(userId);
    return user && { user, addresses: await this.addresses.of(userId) };
  }
}
