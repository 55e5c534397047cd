import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { askReserved, marketNotFound } from '../domain/errors';
import { alreadyHeld, type Reservation } from '../domain/reservation';
import { Reservations } from './ports';

/** Holds the ask for the order. The same request again answers the same. A retired market still serves its running orders. */
@Injectable()
export class ReserveStock {
  constructor(
    private readonly transactions: Transactions,
    private readonly reservations: Reservations,
    private readonly clock: Clock,
  ) {}

  async execute(wanted: Omit<Reservation, 'released'>): Promise<void> {
    await this.transactions.run(async (tx) => {
      // The lock goes out first: the reservation is read under it.
      const [isKnown, held] = await Promise.all([this.reservations.lockSize(tx, wanted.marketId), this.reservations.find(tx, wanted.orderId)]);
      if (!isKnown) throw marketNotFound(wanted.marketId);
      if (alreadyHeld(held, wanted)) return;
      if (!(await this.reservations.hold(tx, wanted, this.clock.now()))) throw askReserved(wanted.askId);
    });
  }
}
