/**
 * What the sandbox keeps. Rows of the provider have the provider's own fields, so that an answer is the row itself;
 * what only the sandbox knows stands under `_sandbox` and never leaves the process.
 */
export const PLATFORM = 'acct_platform';

interface Owned {
  readonly id: string;
  readonly created: number;
  readonly _sandbox: { readonly account: string };
}

export type Metadata = Readonly<Record<string, string>>;

export interface Customer extends Owned {
  readonly object: 'customer';
  readonly email: string | null;
  readonly name: string | null;
  readonly phone: string | null;
  readonly description: string | null;
  readonly metadata: Metadata;
  readonly balance: number;
  readonly currency: null;
  readonly default_source: null;
  readonly delinquent: boolean;
  readonly invoice_settings: { readonly custom_fields: null; readonly default_payment_method: string | null; readonly footer: null; readonly rendering_options: null };
  readonly livemode: false;
  readonly shipping: unknown;
  readonly address: unknown;
}

export interface PaymentMethod extends Owned {
  readonly object: 'payment_method';
  readonly type: 'card';
  readonly allow_redisplay: 'unspecified';
  readonly billing_details: Readonly<Record<string, null>>;
  readonly card: Readonly<Record<string, unknown>>;
  readonly customer: string | null;
  readonly livemode: false;
  readonly metadata: Metadata;
  readonly _sandbox: { readonly account: string; readonly card: string; readonly declinesGiven: number; readonly isAuthenticated: boolean; readonly isDetached: boolean };
}

export interface CardError {
  readonly type: 'card_error';
  readonly code: string;
  readonly decline_code?: string;
  readonly doc_url: string;
  readonly message: string;
  readonly charge?: string;
  readonly payment_method?: unknown;
}

export interface SetupIntent extends Owned {
  readonly object: 'setup_intent';
  readonly client_secret: string;
  readonly customer: string | null;
  readonly description: string | null;
  readonly last_setup_error: CardError | null;
  readonly latest_attempt: null;
  readonly livemode: false;
  readonly metadata: Metadata;
  readonly next_action: unknown;
  readonly payment_method: string | null;
  readonly allowed_payment_method_types: readonly string[] | null;
  readonly payment_method_types: readonly string[];
  readonly cancellation_reason: string | null;
  readonly status: 'requires_payment_method' | 'requires_confirmation' | 'requires_action' | 'succeeded' | 'canceled';
  readonly usage: string;
}

export type PaymentIntentStatus = 'requires_payment_method' | 'requires_confirmation' | 'requires_action' | 'succeeded' | 'canceled';

export interface PaymentIntent extends Owned {
  readonly object: 'payment_intent';
  readonly amount: number;
  readonly amount_capturable: number;
  readonly amount_received: number;
  readonly automatic_payment_methods: unknown;
  readonly canceled_at: number | null;
  readonly cancellation_reason: string | null;
  readonly capture_method: 'automatic' | 'automatic_async';
  readonly client_secret: string;
  readonly confirmation_method: 'automatic';
  readonly currency: string;
  readonly customer: string | null;
  readonly description: string | null;
  readonly last_payment_error: CardError | null;
  readonly latest_charge: string | null;
  readonly livemode: false;
  readonly metadata: Metadata;
  readonly next_action: unknown;
  readonly payment_method: string | null;
  readonly allowed_payment_method_types: readonly string[] | null;
  readonly payment_method_types: readonly string[];
  readonly processing: null;
  readonly receipt_email: string | null;
  readonly setup_future_usage: string | null;
  readonly shipping: unknown;
  readonly statement_descriptor: string | null;
  readonly statement_descriptor_suffix: string | null;
  readonly status: PaymentIntentStatus;
  readonly transfer_group: string | null;
}

/** A charge of a card, or (`py_…`) the payment that a transfer makes on a connected account. */
export interface Charge extends Owned {
  readonly object: 'charge';
  readonly amount: number;
  readonly amount_captured: number;
  readonly amount_refunded: number;
  readonly balance_transaction: string | null;
  readonly billing_details: Readonly<Record<string, null>>;
  readonly captured: boolean;
  readonly currency: string;
  readonly customer: string | null;
  readonly description: string | null;
  readonly disputed: boolean;
  readonly failure_balance_transaction: null;
  readonly failure_code: string | null;
  readonly failure_message: string | null;
  readonly livemode: false;
  readonly metadata: Metadata;
  readonly outcome: unknown;
  readonly paid: boolean;
  readonly payment_intent: string | null;
  readonly payment_method: string | null;
  readonly payment_method_details: unknown;
  readonly receipt_email: string | null;
  readonly refunded: boolean;
  readonly source_transfer: string | null;
  readonly status: 'succeeded' | 'failed';
  readonly transfer_group: string | null;
  readonly _sandbox: { readonly account: string; readonly card: string | null; readonly transferredMinor: number };
}

export interface Refund extends Owned {
  readonly object: 'refund';
  readonly amount: number;
  readonly balance_transaction: string | null;
  readonly charge: string;
  readonly currency: string;
  readonly destination_details: unknown;
  readonly failure_balance_transaction?: string;
  readonly failure_reason?: string;
  readonly metadata: Metadata;
  readonly payment_intent: string | null;
  readonly pending_reason?: string | undefined;
  readonly reason: string | null;
  readonly receipt_number: null;
  readonly source_transfer_reversal: null;
  readonly status: 'pending' | 'succeeded' | 'failed';
  readonly transfer_reversal: null;
}

export interface BankAccount extends Owned {
  readonly object: 'bank_account';
  readonly account: string;
  readonly account_holder_name: string | null;
  readonly account_holder_type: string | null;
  readonly bank_name: string;
  readonly country: string;
  readonly currency: string;
  readonly default_for_currency: boolean;
  readonly fingerprint: string;
  readonly last4: string;
  readonly metadata: Metadata;
  readonly routing_number: string;
  readonly status: 'new' | 'verified' | 'errored';
  readonly _sandbox: { readonly account: string; readonly failureCode: string | null };
}

export interface Account extends Owned {
  readonly object: 'account';
  readonly business_profile: unknown;
  readonly business_type: string | null;
  readonly capabilities: Readonly<Record<string, 'active' | 'inactive' | 'pending'>>;
  readonly charges_enabled: boolean;
  readonly country: string;
  readonly default_currency: string;
  readonly details_submitted: boolean;
  readonly email: string | null;
  readonly metadata: Metadata;
  readonly payouts_enabled: boolean;
  readonly requirements: Readonly<Record<string, unknown>>;
  readonly settings: unknown;
  readonly tos_acceptance: unknown;
  readonly type: 'custom' | 'express';
}

export interface TransferReversal extends Owned {
  readonly object: 'transfer_reversal';
  readonly amount: number;
  readonly balance_transaction: string;
  readonly currency: string;
  readonly destination_payment_refund: null;
  readonly metadata: Metadata;
  readonly source_refund: null;
  readonly transfer: string;
}

export interface Transfer extends Owned {
  readonly object: 'transfer';
  readonly amount: number;
  readonly amount_reversed: number;
  readonly balance_transaction: string;
  readonly currency: string;
  readonly description: string | null;
  readonly destination: string;
  readonly destination_payment: string;
  readonly livemode: false;
  readonly metadata: Metadata;
  readonly reversed: boolean;
  readonly source_transaction: string | null;
  readonly source_type: 'card';
  readonly transfer_group: string | null;
}

export interface Payout extends Owned {
  readonly object: 'payout';
  readonly amount: number;
  readonly arrival_date: number;
  readonly automatic: false;
  readonly balance_transaction: string;
  readonly currency: string;
  readonly description: string | null;
  readonly destination: string;
  readonly failure_balance_transaction: string | null;
  readonly failure_code: string | null;
  readonly failure_message: string | null;
  readonly livemode: false;
  readonly metadata: Metadata;
  readonly method: 'standard' | 'instant';
  readonly original_payout: null;
  readonly reconciliation_status: 'not_applicable';
  readonly reversed_by: null;
  readonly source_type: 'card';
  readonly statement_descriptor: string | null;
  readonly status: 'pending' | 'paid' | 'failed' | 'canceled';
  readonly type: 'bank_account';
  /** How the bank will answer: it is the bank account of the payout's hour that decides, also when it is replaced meanwhile. */
  readonly _sandbox: { readonly account: string; readonly failureCode: string | null };
}

export interface BalanceTransaction extends Owned {
  readonly object: 'balance_transaction';
  readonly amount: number;
  readonly available_on: number;
  readonly balance_type: 'payments';
  readonly currency: string;
  readonly description: string | null;
  readonly exchange_rate: null;
  readonly fee: number;
  readonly fee_details: readonly unknown[];
  readonly net: number;
  readonly reporting_category: string;
  readonly source: string;
  readonly type: string;
}

export interface Dispute extends Owned {
  readonly object: 'dispute';
  readonly amount: number;
  readonly balance_transactions: readonly string[];
  readonly charge: string;
  readonly currency: string;
  readonly evidence: Readonly<Record<string, string>>;
  readonly evidence_details: unknown;
  readonly is_charge_refundable: false;
  readonly livemode: false;
  readonly metadata: Metadata;
  readonly payment_intent: string | null;
  readonly reason: string;
  readonly status: 'needs_response' | 'won' | 'lost';
}

export interface WebhookEndpoint extends Owned {
  readonly object: 'webhook_endpoint';
  readonly api_version: string | null;
  readonly application: null;
  readonly description: string | null;
  readonly enabled_events: readonly string[];
  readonly livemode: false;
  readonly metadata: Metadata;
  readonly status: 'enabled' | 'disabled';
  readonly url: string;
  readonly _sandbox: { readonly account: string; readonly isConnect: boolean; readonly secret: string };
}
