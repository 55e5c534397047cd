import type { Money } from '@libs/kernel/money';
import type { Bill } from './fees';

/**
 * `giving_up` and `cancelling` are unpaid charges whose end is not known yet: the intent may still turn out paid.
 * Outside they are both `processing`.
 */
export const paymentStates = [
  'processing', 'retrying', 'action_required', 'giving_up', 'cancelling', 'captured', 'failed', 'cancelled', 'refunding', 'refunded',
] as const;
export type PaymentState = (typeof paymentStates)[number];

/** The one charge of an order, and what became of it. */
export interface Payment {
  readonly id: string;
  readonly orderId: string;
  readonly buyerId: string;
  readonly sellerId: string;
  readonly price: Money;
  readonly buyer: Bill;
  readonly seller: Bill;
  readonly paymentMethodId: string;
  readonly state: PaymentState;
  readonly tries: number;
  /** One try of the three may run by itself. */
  readonly hasRetriedItself: boolean;
  readonly failureCode: string | undefined;
  readonly intentId: string | undefined;
  readonly chargeId: string | undefined;
  /** Business time: until then the buyer may act, afterwards the charge is given up. */
  readonly recoverUntil: Date;
}

/** What the provider is known to have done about a charge. A finding is a fact; what is not known is not a finding. */
export type Finding =
  | { readonly found: 'intent'; readonly intentId: string }
  | { readonly found: 'intent_refused'; readonly code: string }
  | { readonly found: 'captured'; readonly charge: CapturedCharge }
  | { readonly found: 'declined'; readonly code: string; readonly chargeId?: string }
  | { readonly found: 'authentication_required' }
  /** The provider has finished with this attempt without trying the card: the buyer is not to blame. */
  | { readonly found: 'not_applied'; readonly code: string }
  | { readonly found: 'cancelled' };

export interface CapturedCharge {
  readonly chargeId: string;
  readonly intentId: string;
  readonly amount: Money;
  /** The provider's own line in its books, and what it kept for itself. */
  readonly balanceTransactionId: string;
  readonly fee: Money;
}
