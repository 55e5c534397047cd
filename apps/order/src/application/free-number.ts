import { Injectable } from '@nestjs/common';
import { Transactions } from '@libs/postgres/transaction';
import { losses } from '../domain/lifecycle';
import { Orders, Shipments } from './ports';
import { TellOperator } from './tell-operator';

/**
 * A label's number is the label's, whoever typed it before for a parcel that was sent another way: mistyped, or another carrier's. From now on what is
 * told of it is told of the label's parcel, and a person hears of the order that waits for the other one. A transaction of its own, before that of the
 * label, so that nobody holds two orders at once.
 */
@Injectable()
export class FreeNumber {
  constructor(
    private readonly orders: Orders,
    private readonly shipments: Shipments,
    private readonly operator: TellOperator,
    private readonly transactions: Transactions,
  ) {}

  async execute(label: { tracking: string; orderId: string }): Promise<void> {
    const typed = await this.shipments.findTyped(label.tracking);
    if (!typed) return;
    await this.transactions.run(async (tx) => {
      const order = await this.orders.lock(tx, typed.orderId);
      if (!order || !(await this.shipments.dropTyped(tx, typed))) return;
      const awaited = losses[order.status]?.leg;
      if (order.id === label.orderId || awaited !== typed.leg) return;
      await this.operator.numberTaken(tx, order.id, { tracking: label.tracking, leg: awaited, labelled: label.orderId });
    });
  }
}
