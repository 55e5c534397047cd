import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import type { Money } from '@libs/kernel/money';
import type { Bill } from '../domain/fees';
import { Bills } from './bills';

/** The all-in amounts of a quote at its price by today's fees. A resting bid trades at its price or below, so this is the most that it costs. */
@Injectable()
export class CreateEstimate {
  constructor(
    private readonly bills: Bills,
    private readonly clock: Clock,
  ) {}

  execute(side: 'bid' | 'ask', price: Money): Promise<Bill> {
    return side === 'bid' ? this.bills.buyer(price, this.clock.now()) : this.bills.seller(price, this.clock.now());
  }
}
