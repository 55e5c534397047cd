import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import { Transactions } from '@libs/postgres/transaction';
import type { Purchase } from '../domain/order';
import { OpenOrder } from './open-order';

/** The repair tool's door to what a consumer of matches does. */
@Injectable()
export class CreateOrder {
  constructor(
    private readonly opening: OpenOrder,
    private readonly transactions: Transactions,
  ) {}

  async execute(purchase: Purchase): Promise<string> {
    const orderId = await this.transactions.run((tx) => this.opening.execute(tx, purchase));
    failpoint('order.afterCommit');
    return orderId;
  }
}
