import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { money, type Money } from '@libs/kernel/money';
import type { Bill, LineKind } from '../../domain/fees';
import type { Payment, PaymentState } from '../../domain/payment';

export interface PaymentRow {
  readonly id: string;
  readonly order_id: string;
  readonly buyer_id: string;
  readonly seller_id: string;
  readonly currency: string;
  readonly price_minor: number;
  readonly total_minor: number;
  readonly payout_minor: number;
  readonly buyer_lines: LineRow[];
  readonly seller_lines: LineRow[];
  readonly buyer_schedule_id: string;
  readonly seller_schedule_id: string;
  readonly payment_method_id: string;
  readonly state: PaymentState;
  readonly tries: number;
  readonly has_retried_itself: boolean;
  readonly failure_code: string | null;
  readonly intent_id: string | null;
  readonly charge_id: string | null;
  readonly recover_until: Date;
}

interface LineRow {
  readonly kind: LineKind;
  readonly minor: number;
}

export function paymentOf(row: PaymentRow): Payment {
  const { currency } = row;
  const bill = (lines: LineRow[], total: number, scheduleId: string): Bill => ({
    lines: lines.map(({ kind, minor }) => ({ kind, amount: money(currency, minor) })),
    total: money(currency, total),
    scheduleId,
  });
  return {
    id: typeId('pay', row.id),
    orderId: typeId('ord', row.order_id),
    buyerId: typeId('usr', row.buyer_id),
    sellerId: typeId('usr', row.seller_id),
    price: money(currency, row.price_minor),
    buyer: bill(row.buyer_lines, row.total_minor, row.buyer_schedule_id),
    seller: bill(row.seller_lines, row.payout_minor, row.seller_schedule_id),
    paymentMethodId: typeId('pm', row.payment_method_id),
    state: row.state,
    tries: row.tries,
    hasRetriedItself: row.has_retried_itself,
    failureCode: row.failure_code ?? undefined,
    intentId: row.intent_id ?? undefined,
    chargeId: row.charge_id ?? undefined,
    recoverUntil: row.recover_until,
  };
}

/** What is written once, when the payment is opened, in the order of the insert. */
export function valuesOf(payment: Payment): unknown[] {
  const lines = (bill: Bill) => JSON.stringify(bill.lines.map(({ kind, amount }: { kind: LineKind; amount: Money }) => ({ kind, minor: amount.minor })));
  return [
    uuidOfOwn('pay', payment.id), uuidOfOwn('ord', payment.orderId), uuidOfOwn('usr', payment.buyerId), uuidOfOwn('usr', payment.sellerId),
    payment.price.currency, payment.price.minor, payment.buyer.total.minor, payment.seller.total.minor, lines(payment.buyer), lines(payment.seller),
    payment.buyer.scheduleId, payment.seller.scheduleId, uuidOfOwn('pm', payment.paymentMethodId), payment.state, payment.recoverUntil,
  ];
}
