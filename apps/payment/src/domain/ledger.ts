import { invariant } from '@libs/kernel/invariant';
import { money, type Money } from '@libs/kernel/money';
import { lineOf, type Bill } from './fees';
import type { CapturedCharge } from './payment';

/** `D` grows by debits, `C` by credits. An account that may not go negative is guarded by the database as well. */
export const accounts = {
  stripe_balance: { normal: 'D', mayGoNegative: true },
  held: { normal: 'C', mayGoNegative: false },
  seller_payable: { normal: 'C', mayGoNegative: false },
  fee_revenue: { normal: 'C', mayGoNegative: false },
  shipping_revenue: { normal: 'C', mayGoNegative: false },
  processing_cost: { normal: 'D', mayGoNegative: true },
  lost_parcel_cost: { normal: 'D', mayGoNegative: false },
} as const satisfies Record<string, { normal: 'D' | 'C'; mayGoNegative: boolean }>;
export type AccountCode = keyof typeof accounts;

export interface Account {
  readonly code: AccountCode;
  /** The order whose money is held, the seller to whom it is owed; none for the platform's own. */
  readonly owner?: string;
}

/** Minor units: a debit is above zero, a credit below. */
export interface Entry {
  readonly account: Account;
  readonly amount: Money;
}

export interface Posting {
  readonly kind: 'captured' | 'released' | 'transferred' | 'refunded' | 'refunded_by_platform' | 'provider_fee' | 'refund_returned';
  readonly orderId?: string;
  /** One business event is posted once, however often it is told. */
  readonly key: string;
  /** The provider's balance transaction; the hold's release has none. */
  readonly externalRef?: string;
  readonly entries: readonly Entry[];
}

const stripe: Account = { code: 'stripe_balance' };
const held = (orderId: string): Account => ({ code: 'held', owner: orderId });
const payable = (sellerId: string): Account => ({ code: 'seller_payable', owner: sellerId });

/** Buyer's money has arrived, less what the provider kept: that is the platform's cost, not the buyer's or the seller's. */
export function capturePosting(orderId: string, charge: CapturedCharge): Posting {
  const { amount, fee } = charge;
  const cost = [debit({ code: 'processing_cost' }, fee), credit(stripe, fee)];
  return posting({
    kind: 'captured',
    orderId,
    key: `captured:${orderId}`,
    externalRef: charge.balanceTransactionId,
    entries: [debit(stripe, amount), credit(held(orderId), amount), ...(fee.minor === 0 ? [] : cost)],
  });
}

interface Trade {
  readonly orderId: string;
  readonly sellerId: string;
  readonly buyer: Bill;
  readonly seller: Bill;
}

/** The hold ends: the seller is owed his part, the rest is the platform's. */
export function releasePosting({ orderId, sellerId, buyer, seller }: Trade): Posting {
  const shipping = lineOf(buyer, 'shipping');
  const fees = money(buyer.total.currency, buyer.total.minor - shipping.minor - seller.total.minor);
  return posting({
    kind: 'released',
    orderId,
    key: `released:${orderId}`,
    entries: [
      debit(held(orderId), buyer.total),
      credit(payable(sellerId), seller.total),
      credit({ code: 'fee_revenue' }, fees),
      credit({ code: 'shipping_revenue' }, shipping),
    ].filter((entry) => entry.amount.minor !== 0),
  });
}

export function transferPosting(trade: { orderId: string; sellerId: string; amount: Money }, externalRef: string): Posting {
  return posting({
    kind: 'transferred',
    orderId: trade.orderId,
    key: `transferred:${trade.orderId}`,
    externalRef,
    entries: [debit(payable(trade.sellerId), trade.amount), credit(stripe, trade.amount)],
  });
}

interface RefundOf {
  readonly orderId: string;
  readonly operationId: string;
  readonly amount: Money;
  readonly isBorneByPlatform: boolean;
}

/** From the hold; or, when the seller is paid nonetheless, from the platform's own pocket while the hold is released as usual. */
export function refundPosting({ orderId, operationId, amount, isBorneByPlatform }: RefundOf, externalRef: string): Posting {
  return posting({
    kind: isBorneByPlatform ? 'refunded_by_platform' : 'refunded',
    orderId,
    key: `refunded:${operationId}`,
    externalRef,
    entries: [debit(isBorneByPlatform ? { code: 'lost_parcel_cost' } : held(orderId), amount), credit(stripe, amount)],
  });
}

/** A refund that the card's bank sent back after it had been reported as done: it is owed again. */
export function refundReturnedPosting({ orderId, operationId, amount, isBorneByPlatform }: RefundOf, externalRef: string): Posting {
  return posting({
    kind: 'refund_returned',
    orderId,
    key: `refund_returned:${operationId}`,
    externalRef,
    entries: [debit(stripe, amount), credit(isBorneByPlatform ? { code: 'lost_parcel_cost' } : held(orderId), amount)],
  });
}

/** A fee that the provider books by itself, apart from any charge. `net` is below zero when it costs us. */
export function providerFeePosting(balanceTransactionId: string, net: Money): Posting {
  return posting({
    kind: 'provider_fee',
    key: `provider_fee:${balanceTransactionId}`,
    externalRef: balanceTransactionId,
    entries: [{ account: stripe, amount: net }, { account: { code: 'processing_cost' }, amount: money(net.currency, -net.minor) }],
  });
}

function debit(account: Account, amount: Money): Entry {
  return { account, amount };
}

function credit(account: Account, amount: Money): Entry {
  return { account, amount: money(amount.currency, -amount.minor) };
}

function posting(posting: Posting): Posting {
  const sum = posting.entries.reduce((total, entry) => total + entry.amount.minor, 0);
  invariant(sum === 0 && posting.entries.length >= 2, `${posting.key} does not balance: ${sum}`);
  invariant(posting.entries.every((entry) => entry.amount.currency === posting.entries[0]?.amount.currency), `${posting.key} mixes currencies`);
  return posting;
}
