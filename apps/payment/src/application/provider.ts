import type { Money } from '@libs/kernel/money';
import type { CapturedCharge } from '../domain/payment';

/** What a call to the provider is known to have done. `unknown` is a value like the others: only its caller knows how to find out. */
export type Reply<T> =
  | { readonly reply: 'done'; readonly value: T }
  /** It was looked at and refused: nothing has moved. */
  | { readonly reply: 'refused'; readonly code: string; readonly because: 'declined' | 'authentication_required' | 'wrong_state' | 'invalid'; readonly chargeId?: string }
  /** It was turned away unread: too many requests, our own key refused. */
  | { readonly reply: 'not_taken'; readonly code: string }
  /** `isFinal`: the provider repeats a stored failure, so this key will never do anything more. */
  | { readonly reply: 'unknown'; readonly code: string; readonly isFinal: boolean };

export interface IntentReading {
  readonly id: string;
  readonly orderId: string | undefined;
  readonly status: 'waiting' | 'requires_action' | 'processing' | 'captured' | 'cancelled';
  /** The last attempt's failure, as the provider remembers it. */
  readonly lastFailure: { readonly code: string; readonly chargeId: string | undefined } | undefined;
  readonly charge: CapturedCharge | undefined;
  readonly clientSecret: string | undefined;
}

export interface SetupReading {
  readonly id: string;
  readonly clientSecret: string;
}

export interface CardReading {
  readonly providerId: string;
  readonly brand: string;
  readonly last4: string;
  readonly expMonth: number;
  readonly expYear: number;
  readonly fingerprint: string | undefined;
}

export interface RefundReading {
  readonly id: string;
  readonly operationId: string | undefined;
  readonly status: 'pending' | 'succeeded' | 'failed';
  readonly balanceTransactionId: string | undefined;
  readonly returnedBy: string | undefined;
  readonly failureCode: string | undefined;
}

export interface TransferReading {
  readonly id: string;
  readonly balanceTransactionId: string;
}

export interface PayoutReading {
  readonly id: string;
  readonly operationId: string | undefined;
  readonly status: 'in_transit' | 'paid' | 'failed';
  readonly arrivesAt: Date;
  readonly failureCode: string | undefined;
}

export interface AccountReading {
  readonly id: string;
  /** Whose it is, as we wrote on it when we made it. */
  readonly userId: string | undefined;
  readonly isEnabled: boolean;
  readonly bankLast4: string;
  /** Tells one bank account from another. */
  readonly bankFingerprint: string;
}

/** One line of the platform's balance at the provider. */
export interface BalanceLine {
  readonly id: string;
  readonly type: string;
  readonly net: Money;
  readonly createdAt: Date;
}

/** The key of every call below that moves something is the id of its operation. */
export abstract class ChargeProvider {
  abstract createIntent(order: { key: string; orderId: string; customerId: string; amount: Money }): Promise<Reply<IntentReading>>;
  /** The intent of an order, when its creation was never answered. */
  abstract findIntent(customerId: string, orderId: string): Promise<Reply<IntentReading | undefined>>;
  abstract confirmIntent(charge: { key: string; intentId: string; methodId: string }): Promise<Reply<IntentReading>>;
  abstract cancelIntent(charge: { key: string; intentId: string }): Promise<Reply<IntentReading>>;
  abstract readIntent(intentId: string): Promise<Reply<IntentReading>>;
}

export abstract class RefundProvider {
  abstract createRefund(refund: { key: string; intentId: string; orderId: string }): Promise<Reply<RefundReading>>;
  abstract findRefund(intentId: string, operationId: string): Promise<Reply<RefundReading | undefined>>;
  abstract readRefund(refundId: string): Promise<Reply<RefundReading>>;
}

export abstract class PayoutProvider {
  abstract createTransfer(transfer: { key: string; orderId: string; accountId: string; chargeId: string; amount: Money }): Promise<Reply<TransferReading>>;
  abstract findTransfer(orderId: string): Promise<Reply<TransferReading | undefined>>;
  abstract createPayout(payout: { key: string; orderId: string; accountId: string; amount: Money }): Promise<Reply<PayoutReading>>;
  abstract findPayout(accountId: string, operationId: string): Promise<Reply<PayoutReading | undefined>>;
  abstract readPayout(accountId: string, payoutId: string): Promise<Reply<PayoutReading>>;
}

export abstract class CardProvider {
  abstract createCustomer(userId: string): Promise<Reply<string>>;
  /** Without a key every set-up is one of its own. */
  abstract createSetupIntent(customerId: string, key: string | undefined): Promise<Reply<SetupReading>>;
  abstract readSetupIntent(setupIntentId: string): Promise<Reply<SetupReading>>;
  abstract listCards(customerId: string): Promise<Reply<CardReading[]>>;
  abstract removeCard(providerId: string): Promise<Reply<void>>;
}

export abstract class AccountProvider {
  abstract createAccount(account: { key: string; userId: string; bankToken: string; country: string }): Promise<Reply<AccountReading>>;
  abstract changeBank(change: { key: string; accountId: string; bankToken: string }): Promise<Reply<AccountReading>>;
  abstract readAccount(accountId: string): Promise<Reply<AccountReading>>;
}

export interface ProviderEvent {
  readonly id: string;
  readonly type: string;
  readonly objectId: string;
  /** The connected account that it concerns. */
  readonly accountId: string | undefined;
  readonly customerId: string | undefined;
  readonly createdAt: Date;
}

export const webhookEndpoints = ['platform', 'connect'] as const;
export type WebhookEndpointName = (typeof webhookEndpoints)[number];

export abstract class WebhookProvider {
  /** Finds or makes the endpoint; an endpoint whose secret is lost is made anew. */
  abstract ensureEndpoint(name: WebhookEndpointName): Promise<void>;
  /** Undefined: the signature is not of this body, or too old. */
  abstract verify(name: WebhookEndpointName, body: Uint8Array, signature: string): Promise<ProviderEvent | undefined>;
}

export abstract class BalanceProvider {
  abstract listLines(since: Date, after: string | undefined): Promise<Reply<{ lines: BalanceLine[]; hasMore: boolean }>>;
}
