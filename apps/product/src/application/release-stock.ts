import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { marketNotFound } from '../domain/errors';
import type { Reservation } from '../domain/reservation';
import { Reservations } from './ports';

/** Gives the ask back, and leaves a tombstone in any case: a ReserveStock of the same order that arrives late is refused. */
@Injectable()
export class ReleaseStock {
  constructor(
    private readonly transactions: Transactions,
    private readonly reservations: Reservations,
    private readonly clock: Clock,
  ) {}

  async execute(held: Omit<Reservation, 'released'>): Promise<void> {
    await this.transactions.run(async (tx) => {
      if (!(await this.reservations.lockSize(tx, held.marketId))) throw marketNotFound(held.marketId);
      await this.reservations.release(tx, held, this.clock.now());
    });
  }
}
