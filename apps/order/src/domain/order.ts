import type { Money } from '@libs/kernel/money';
import type { Actor, CancelReason, OrderEvent, Status } from './lifecycle';

export type PaymentStatus = 'none' | 'pending' | 'action_required' | 'retrying' | 'captured' | 'refunding' | 'refunded' | 'failed';
export type PayoutStatus = 'none' | 'owed' | 'transferring' | 'paid';
export type Leg = 'inbound' | 'outbound' | 'return';

const paymentProgress: Record<PaymentStatus, number> = { none: 0, pending: 1, action_required: 1, retrying: 1, captured: 2, failed: 2, refunding: 3, refunded: 4 };
const payoutProgress: Record<PayoutStatus, number> = { none: 0, owed: 1, transferring: 2, paid: 3 };

/** Whether what is told of the payment came after what is known. An answer may be overtaken by the event that concluded it. */
export function isPaymentNews(known: PaymentStatus, told: PaymentStatus): boolean {
  const isTry = paymentProgress[known] === 1 && paymentProgress[told] === 1;
  return isTry || paymentProgress[told] > paymentProgress[known];
}

export function isPayoutNews(known: PayoutStatus, told: PayoutStatus): boolean {
  return payoutProgress[told] > payoutProgress[known];
}

/** A line of what one side pays or gets. */
export interface Line {
  readonly kind: string;
  readonly amount: Money;
}

/** What the match has fixed, and nothing later changes. */
export interface Purchase {
  readonly matchId: string;
  readonly marketId: string;
  readonly productId: string;
  readonly size: string;
  readonly bidId: string;
  readonly askId: string;
  readonly buyerId: string;
  readonly sellerId: string;
  readonly price: Money;
  readonly matchedAt: Date;
  readonly bidAcceptedAt: Date;
  readonly askAcceptedAt: Date;
  readonly paymentMethodId: string;
  readonly buyerAddressVersionId: string;
  readonly sellerAddressVersionId: string;
}

export interface Order extends Purchase {
  readonly id: string;
  readonly status: Status;
  readonly cancelReason?: CancelReason;
  readonly paymentStatus: PaymentStatus;
  readonly payoutStatus: PayoutStatus;
  readonly paidAt?: Date;
  readonly shipBy?: Date;
  readonly doNotRelist: boolean;
  readonly buyerLines: readonly Line[];
  readonly sellerLines: readonly Line[];
  readonly tracking: Readonly<Partial<Record<Leg, string>>>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** The number of its events. */
  readonly version: number;
  /** The number of its changes, of which not every one is an event. */
  readonly revision: number;
}

/** Whether the money was taken, whatever became of it since. */
export const wasCharged = ({ paymentStatus }: Order): boolean => ['captured', 'refunding', 'refunded'].includes(paymentStatus);

export type Viewer = 'buyer' | 'seller' | 'admin';

/** Each side sees its own lines; before the charge is settled only the price is sure. */
export function linesFor(order: Order, viewer: Viewer): readonly Line[] {
  const lines = { buyer: order.buyerLines, seller: order.sellerLines, admin: [...order.buyerLines, ...order.sellerLines] }[viewer];
  return lines.length > 0 ? lines : [{ kind: 'price', amount: order.price }];
}

/** What the seller of an unpaid order must read before anything else. */
export function noticeFor(order: Order, viewer: Viewer): string {
  return viewer === 'seller' && order.status === 'pending' ? 'Do not ship yet: the payment is not complete.' : '';
}

/** Who gives reasons in own words; the reasons of all others are the system's codes. */
const inOwnWords: readonly Actor[] = ['buyer', 'seller', 'authenticator', 'admin'];
/** Its reasons are chosen from a list, whoever gives them. */
const reasonedByCodes: readonly OrderEvent[] = ['inspection_failed'];

/** Why something has happened, for whoever reads it. What a person writes is for that person and for staff, so that the two sides stay unknown to each other: the others see the fact, and codes. */
export function reasonFor({ event, actor, reason }: { event: OrderEvent; actor: Actor; reason: string }, viewer: Viewer): string {
  const isCode = !inOwnWords.includes(actor) || reasonedByCodes.includes(event);
  return isCode || viewer === 'admin' || viewer === actor ? reason : '';
}
