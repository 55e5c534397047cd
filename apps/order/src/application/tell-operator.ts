import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import { invariant } from '@libs/kernel/invariant';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import type { Effect, TimerKind } from '../domain/lifecycle';
import type { Leg } from '../domain/order';
import { ManualTasks, type SagaStep, type Timer } from './ports';

const ask = (service: string, what: string) => `See whether ${service} runs and what it logs for this order; ${what} Then resume the task: the step is tried at once, and doubles nothing.`;

const advice: Record<Effect, string> = {
  reserve_stock: ask('product', 'nothing has been charged yet.'),
  release_stock: ask('product', 'until then the pair counts as sold, and the match stands.'),
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

const overdue: Partial<Record<TimerKind, { readonly detail: string; readonly advice: string }>> = {
  inbound_lost: {
    detail: 'The carrier has delivered the parcel to us, and nobody has taken it in.',
    advice: 'Find it at the floor and take it in; the order goes on by itself. If it cannot be found, report lost_inbound: the buyer gets the money back. Resuming the task gives the floor that time again.',
  },
  inspection: {
    detail: 'The pair came to the floor, and there is no verdict yet.',
    advice: 'See in the inspections who has it, and have it judged; the order goes on by itself. Resuming the task gives the floor that time again.',
  },
  handover: {
    detail: 'The pair passed, and the carrier has not told that it has the parcel.',
    advice: 'See whether the parcel lies at the floor. Report buyer_shipped when it has left; the order goes on by itself. Resuming the task gives that time again.',
  },
};

const claimOf = (leg: Leg) => `${leg}_claim`;
/** The subject of a task about the number of an order's parcel. */
export const numberOf = (leg: Leg) => `${leg}_number`;

const numberless: Record<'inbound' | 'outbound', string> = {
  inbound: 'Ask the seller for the right number, and have the floor take the pair in by the order, whatever number is on it; if it is not on its way, report lost_inbound: the buyer gets the money back.',
  outbound: 'Find the right number at the floor, and tell the buyer. No scan delivers this order any more: it counts as delivered when the buyer says so, or by its deadline. If the parcel is lost, report lost_outbound.',
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

  /** `isAwaited`: the order waits for this parcel, and only a person may say that it never comes. */
  lost(tx: Transaction, orderId: string, leg: Leg, isAwaited: boolean): Promise<void> {
    if (!isAwaited) return this.claim(tx, orderId, leg);
    const detail = `The carrier says that the ${leg} parcel is lost.`;
    const outcome = {
      inbound: 'Claim it from the carrier. Resume the task to declare it lost: the sale is cancelled and the buyer gets the money back.',
      outbound: 'Claim it from the carrier. Resume the task to declare it lost: the seller is paid, and the platform gives the buyer the money back.',
      return: 'Claim it from the carrier and settle with the seller.',
    };
    return this.open(tx, { kind: 'parcel_lost', orderId, subject: leg, detail, advice: outcome[leg] });
  }

  /** The order goes on without the parcel; its worth is still to be had from the carrier. */
  claim(tx: Transaction, orderId: string, leg: Leg): Promise<void> {
    const detail = `The ${leg} parcel is lost, and the order does not wait for it.`;
    return this.open(tx, { kind: 'parcel_lost', orderId, subject: claimOf(leg), detail, advice: 'Claim it from the carrier, and settle with whoever it belonged to. Resume the task when that is done.' });
  }

  async found(tx: Transaction, orderId: string, leg: Leg): Promise<void> {
    await this.tasks.close(tx, orderId, [leg, claimOf(leg)], { at: this.clock.now(), reason: 'The parcel has turned up.' });
  }

  /** The order waits for a parcel that nobody can follow: the number which was given for it is that of another one's label. */
  numberTaken(tx: Transaction, orderId: string, { tracking, leg, labelled }: { tracking: string; leg: 'inbound' | 'outbound'; labelled: string }): Promise<void> {
    const detail = `The number ${tracking}, which was given for the ${leg} parcel, is that of the carrier's label of ${labelled}: what the carrier tells of it counts for that order alone.`;
    return this.open(tx, { kind: 'tracking_taken', orderId, subject: numberOf(leg), detail, advice: `${numberless[leg]} Resume the task when that is settled.` });
  }

  async overdue(tx: Transaction, { orderId, kind }: Timer): Promise<void> {
    const told = overdue[kind];
    invariant(told, `a passed ${kind} is nobody's task`);
    await this.open(tx, { kind: 'overdue', orderId, subject: kind, ...told });
  }

  private open(tx: Transaction, task: Pick<Parameters<ManualTasks['open']>[1], 'kind' | 'orderId' | 'subject' | 'detail' | 'advice'>): Promise<void> {
    return this.tasks.open(tx, { ...task, id: this.ids.next('tsk'), openedAt: this.clock.now() });
  }
}
