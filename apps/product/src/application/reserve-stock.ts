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
      if (!(await this.reservations.lockSize(tx, wanted.marketId))) throw marketNotFound(wanted.marketId);
      if (alreadyHeld(await this.reservations.find(tx, wanted.orderId), wanted)) return;
      if (!(await this.reservations.hold(tx, wanted, this.clock.now()))) throw askReserved(wanted.askId);
    });
  }
}
