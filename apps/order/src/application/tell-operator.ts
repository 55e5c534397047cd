import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import type { Effect } from '../domain/lifecycle';
import type { Leg } from '../domain/order';
import { ManualTasks, type SagaStep } from './ports';

const ask = (service: string, what: string) => `See whether ${service} runs and what it logs for this order; ${what} Then resume the task: the step is tried at once, and doubles nothing.`;

const advice: Record<Effect, string> = {
  reserve_stock: ask('product', 'nothing has been charged yet.'),
  release_stock: ask('product', 'until then the pair counts as sold.'),
  charge: ask('payment', 'its own list shows a charge of unknown outcome.'),
  cancel_payment: ask('payment', 'the buyer may still be charged until this is through.'),
  refund: ask('payment', 'the buyer waits for the money; its own list shows a refund that the provider refused.'),
  refund_from_platform: ask('payment', 'the buyer waits for the money; the platform balance may be too low.'),
  payout: ask('payment', 'the seller waits for the money.'),
  bust_match: ask('bidding', 'until then the sale counts in the market, and a quote that should return does not.'),
  record_strike: ask('user', 'nobody waits for this.'),
  inbound_label: ask('user and the carrier', 'the seller cannot ship, and the deadline stands still meanwhile.'),
  outbound_label: ask('user and the carrier', 'the pair lies at the floor.'),
  return_label: ask('user and the carrier', 'the pair lies at the floor.'),
};

/** Puts what needs a person into the list that an operator sees, with what to do. */
@Injectable()
export class TellOperator {
  constructor(
    private readonly tasks: ManualTasks,
    private readonly transactions: Transactions,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  async stuck({ orderId, kind }: SagaStep, error: string): Promise<void> {
    const detail = `The step ${kind} has been failing for an hour. Last error: ${error}`;
    await this.transactions.run((tx) => this.open(tx, { kind: 'stuck_saga', orderId, subject: kind, detail, advice: advice[kind] }));
  }

  lost(tx: Transaction, orderId: string, leg: Leg): Promise<void> {
    const detail = `The carrier says that the ${leg} parcel is lost.`;
    const outcome = {
      inbound: 'Claim it from the carrier. Resume the task to declare it lost: the sale is cancelled and the buyer gets the money back.',
      outbound: 'Claim it from the carrier. Resume the task to declare it lost: the seller is paid, and the platform gives the buyer the money back.',
      return: 'Claim it from the carrier and settle with the seller; the order itself is closed. Resume the task when that is done.',
    };
    return this.open(tx, { kind: 'parcel_lost', orderId, subject: leg, detail, advice: outcome[leg] });
  }

  private open(tx: Transaction, task: Pick<Parameters<ManualTasks['open']>[1], 'kind' | 'orderId' | 'subject' | 'detail' | 'advice'>): Promise<void> {
    return this.tasks.open(tx, { ...task, id: this.ids.next('tsk'), openedAt: this.clock.now() });
  }
}
