import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { stepOf, type PaymentEvent } from '../domain/lifecycle';
import { isOpen } from '../domain/operation';
import { ChargeSteps } from './charge-steps';
import { Operations, Payments, type Timer, type TimerKind } from './ports';
import { Setbacks } from './setbacks';

const BATCH_MAX = 100;
/** The end of a payout's wait changes no charge: the payout is ready again without it. */
const eventOfTimer: Record<TimerKind, PaymentEvent | undefined> = { retry: 'retry_due', give_up: 'time_up', payout: undefined };

/** Lets the due instants of business time happen in their order. None happens while an operation of its order is open: what is unknown is found out first. */
@Injectable()
export class FireTimers {
  constructor(
    private readonly transactions: Transactions,
    private readonly payments: Payments,
    private readonly operations: Operations,
    private readonly steps: ChargeSteps,
    private readonly clock: Clock,
    private readonly setbacks: Setbacks,
  ) {}

  /** Whether any has fired. */
  async execute(): Promise<boolean> {
    let hasFired = false;
    for (let last: Timer | undefined; ; ) {
      const due = await this.payments.dueTimers(this.clock.now(), BATCH_MAX, last);
      for (const timer of due) {
        const work = { subject: `timer ${timer.kind} ${timer.orderId}`, orderId: timer.orderId };
        hasFired = ((await this.setbacks.attempt(work, () => this.fire(timer))) ?? false) || hasFired;
      }
      if (due.length < BATCH_MAX) return hasFired;
      last = due.at(-1);
    }
  }

  async dueCount(): Promise<number> {
    return (await this.payments.dueTimers(this.clock.now(), BATCH_MAX)).length;
  }

  private fire(timer: Timer): Promise<boolean> {
    return this.transactions.run(async (tx) => {
      const payment = await this.payments.lock(tx, timer.orderId);
      if (!payment || (await this.operations.ofOrder(tx, timer.orderId)).some(isOpen)) return false;
      if (!(await this.payments.timerFired(tx, timer, this.clock.now()))) return false;
      const event = eventOfTimer[timer.kind];
      if (event && stepOf(payment.state, event)) await this.steps.apply(tx, payment, event);
      return true;
    });
  }
}
