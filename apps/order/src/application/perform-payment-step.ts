import { Injectable } from '@nestjs/common';
import { AppError } from '@libs/kernel/app-error';
import { type Order, type PaymentStatus, type PayoutStatus, wasCharged } from '../domain/order';
import type { Answer } from './answer';
import { Neighbours, type PaymentView } from './ports';

/** An event tells as a rule; these are for one that is late. Technical time. */
const LOOK_AT_CHARGE_MS = 30_000;
const LOOK_AT_REFUND_MS = 30_000;
const LOOK_AT_PAYOUT_MS = 60_000;

const awaiting: Readonly<Record<string, PaymentStatus>> = { processing: 'pending', action_required: 'action_required', retrying: 'retrying' };
const payoutStatuses: Readonly<Record<string, PayoutStatus>> = {
  held: 'owed', transferring: 'transferring', transferred: 'transferring', in_transit: 'transferring', paid: 'paid', failed: 'owed',
};
/** From here on payment sees the payout through by itself. */
const isPayoutOnItsWay = (state: string) => ['transferred', 'in_transit', 'paid', 'failed'].includes(state);

/** The steps that move money. Payment keeps each of them once for each order; here is only what its answers mean. */
@Injectable()
export class PerformPaymentStep {
  constructor(private readonly neighbours: Neighbours) {}

  async charge(order: Order): Promise<Answer> {
    // A cancelled order must not begin a charge, and one that had begun is ended by `cancel`. One that took the money still has to tell how much.
    if (order.status === 'cancelled' && !wasCharged(order)) return { is: 'void' };
    return chargeAnswer(await this.neighbours.processPayment(order));
  }

  async cancel(order: Order): Promise<Answer> {
    try {
      const answer = chargeAnswer(await this.neighbours.cancelPayment(order.id));
      return answer.is === 'done' ? { ...answer, concludes: ['charge'] } : answer;
    } catch (error) {
      // Never begun. Should a charge of a moment ago still get there, its event asks for the refund.
      if (!(error instanceof AppError) || error.kind !== 'not_found') throw error;
      return { is: 'done', concludes: ['charge'], patch: order.paymentStatus === 'none' ? undefined : { paymentStatus: 'failed' } };
    }
  }

  async refund(order: Order, isBorneByPlatform: boolean): Promise<Answer> {
    const { state } = await this.neighbours.refundPayment(order.id, order.cancelReason ?? 'inspection_failed', isBorneByPlatform);
    return state === 'refunded' ? { is: 'done', patch: { paymentStatus: 'refunded' } } : { is: 'wait', ms: LOOK_AT_REFUND_MS };
  }

  async payOut(order: Order): Promise<Answer> {
    const { state } = await this.neighbours.createPayout(order.id);
    const patch = { payoutStatus: payoutStatuses[state] ?? order.payoutStatus };
    return isPayoutOnItsWay(state) ? { is: 'done', patch } : { is: 'wait', ms: LOOK_AT_PAYOUT_MS, patch };
  }
}

function chargeAnswer({ state, buyerLines, sellerLines }: PaymentView): Answer {
  const lines = { buyerLines, sellerLines };
  if (state === 'failed' || state === 'cancelled') {
    // Told beside the event, which an order that is cancelled already does not take.
    return { is: 'done', patch: { ...lines, paymentStatus: 'failed' }, happening: { event: 'payment_failed', actor: 'system' } };
  }
  const paymentStatus = awaiting[state];
  if (paymentStatus) return { is: 'wait', ms: LOOK_AT_CHARGE_MS, patch: { ...lines, paymentStatus } };
  return { is: 'done', patch: lines, happening: { event: 'payment_captured', actor: 'system' } };
}
