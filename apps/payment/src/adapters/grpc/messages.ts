import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type {
  EstimateLineSchema, ManualTaskSchema, PaymentMethodSchema, PaymentSchema, PayoutSchema, ReconciliationSchema,
} from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import { moneyToMessage } from '@libs/kernel/money';
import type { Card, ManualTask, Reconciliation } from '../../application/ports';
import type { Viewer } from '../../application/read-payment';
import type { Line } from '../../domain/fees';
import type { Payment, PaymentState } from '../../domain/payment';
import type { Payout } from '../../domain/payout';

const ending: ReadonlySet<PaymentState> = new Set(['giving_up', 'cancelling']);

/** Each side sees its own bill; how the charge goes is the buyer's affair, the payout the seller's. */
export function paymentMessage(payment: Payment, viewer: Viewer, clientSecret?: string): MessageInitShape<typeof PaymentSchema> {
  const forBuyer = {
    total: moneyToMessage(payment.buyer.total),
    tries: payment.tries,
    failureCode: payment.failureCode ?? '',
    clientSecret: clientSecret ?? '',
    recoverUntil: timestampFromDate(payment.recoverUntil),
    buyerLines: payment.buyer.lines.map(lineMessage),
  };
  const forSeller = { sellerLines: payment.seller.lines.map(lineMessage), payout: moneyToMessage(payment.seller.total) };
  return {
    id: payment.id,
    orderId: payment.orderId,
    state: ending.has(payment.state) ? 'processing' : payment.state,
    ...(viewer === 'seller' ? {} : forBuyer),
    ...(viewer === 'buyer' ? {} : forSeller),
  };
}

export function lineMessage({ kind, amount }: Line): MessageInitShape<typeof EstimateLineSchema> {
  return { kind, amount: moneyToMessage(amount) };
}

export function cardMessage({ id, brand, last4, expMonth, expYear, isDefault }: Card): MessageInitShape<typeof PaymentMethodSchema> {
  return { id, brand, last4, expMonth, expYear, isDefault };
}

export function payoutMessage(payout: Payout): MessageInitShape<typeof PayoutSchema> {
  return {
    id: payout.id,
    orderId: payout.orderId,
    amount: moneyToMessage(payout.amount),
    state: payout.state,
    createdAt: timestampFromDate(payout.createdAt),
    ...(payout.arrivesAt ? { arrivesAt: timestampFromDate(payout.arrivesAt) } : {}),
    failureCode: payout.failureCode ?? '',
  };
}

export function taskMessage(task: ManualTask): MessageInitShape<typeof ManualTaskSchema> {
  return {
    id: task.id,
    kind: task.kind,
    orderId: task.orderId ?? '',
    detail: task.detail,
    advice: task.advice,
    openedAt: timestampFromDate(task.openedAt),
    ...(task.closedAt ? { closedAt: timestampFromDate(task.closedAt) } : {}),
  };
}

export function reconciliationMessage({ id, askedBy, askedAt, startedAt, finishedAt, since, outcome, lines, feesBooked, unmatched }: Reconciliation): MessageInitShape<typeof ReconciliationSchema> {
  const instants = { askedAt: timestampFromDate(askedAt), ...(startedAt && { startedAt: timestampFromDate(startedAt) }), ...(finishedAt && { finishedAt: timestampFromDate(finishedAt) }), ...(since && { since: timestampFromDate(since) }) };
  return { id, askedBy, outcome: outcome ?? '', lines, feesBooked, unmatched, ...instants };
}
