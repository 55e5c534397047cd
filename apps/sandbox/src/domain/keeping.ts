import type {
  Account, BalanceTransaction, BankAccount, Charge, Customer, Dispute, PaymentIntent, PaymentMethod, Payout, Refund, SetupIntent, Transfer, TransferReversal,
  WebhookEndpoint,
} from './resources';

/** Money of one account and currency: what can be spent, and what becomes spendable at an instant (seconds, business time). */
export interface Balance {
  readonly id: string;
  readonly account: string;
  readonly currency: string;
  readonly available: number;
  readonly pending: Readonly<Record<string, number>>;
}

/** Something that happens when the business clock reaches an instant. */
export interface Due {
  readonly id: string;
  readonly atMs: number;
  readonly what: 'payout_arrives' | 'refund_settles' | 'fee_becomes_known' | 'shipment_moves';
  readonly subject: string;
  readonly kind?: 'in_transit' | 'delivered';
}

/** An announcement, kept as the very text that is signed and sent. */
export interface Announcement {
  readonly id: string;
  readonly from: 'provider' | 'carrier';
  readonly account: string;
  readonly type: string;
  readonly created: number;
  readonly body: string;
}

/** One announcement still owed to one endpoint. Delivered or given up, the row is gone. */
export interface Delivery {
  readonly id: string;
  readonly announcement: string;
  readonly endpoint: string;
  readonly notBeforeMs: number | null;
  readonly sinceWallMs: number;
}

export interface CarrierEndpoint {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  readonly created: number;
}

export type ScanKind = 'accepted' | 'in_transit' | 'delivered' | 'lost';

export interface Shipment {
  readonly id: string;
  readonly reference: string;
  readonly leg: string;
  readonly status: 'label_created' | ScanKind;
  readonly scans: readonly { readonly kind: ScanKind; readonly at: string }[];
  readonly from: unknown;
  readonly to: unknown;
  readonly created: number;
}

export const faultModes = [
  'timeout_before', 'timeout_after_apply', 'error_500_after_apply', 'conflict_409', 'rate_limit_429', 'unavailable_503', 'slow', 'duplicate_webhooks', 'late_webhooks',
] as const;
export type FaultMode = (typeof faultModes)[number];
/** The modes in which a service says no for reasons of its own, and has done nothing. */
export type RefusingMode = Extract<FaultMode, 'conflict_409' | 'rate_limit_429' | 'unavailable_503'>;

export interface Fault {
  readonly id: string;
  readonly path: string;
  readonly method: string | null;
  readonly mode: FaultMode;
  readonly callsToSkip: number;
  readonly callsLeft: number;
  readonly delayMs: number;
  /** Strikes so many of a hundred calls, evenly spread; absent, each of them. */
  readonly percent?: number;
  readonly seen?: number;
}

/** A message to a person, as it left us and as it will be read. */
export interface SentMessage {
  readonly id: string;
  readonly channel: 'email' | 'sms';
  /** What its sender calls it, when it says so. */
  readonly reference: string | null;
  readonly from: string;
  readonly to: string;
  readonly subject: string | null;
  readonly html: string | null;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The machine's time, as providers of messages have no other. */
  readonly sentAt: string;
}

/** The first result of a key, as it was sent. */
export interface KeptResult {
  readonly id: string;
  readonly request: string;
  readonly status: number;
  readonly body: string;
  readonly atWallMs: number;
}

export interface SeenRequest {
  readonly id: string;
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly idempotencyKey: string | null;
  readonly account: string | null;
  readonly status: number | null;
  readonly fault: FaultMode | null;
}

export interface Collections {
  clock: { readonly id: 'clock'; readonly offsetMs: number };
  customers: Customer;
  payment_methods: PaymentMethod;
  setup_intents: SetupIntent;
  payment_intents: PaymentIntent;
  charges: Charge;
  refunds: Refund;
  accounts: Account;
  bank_accounts: BankAccount;
  transfers: Transfer;
  transfer_reversals: TransferReversal;
  payouts: Payout;
  balances: Balance;
  balance_transactions: BalanceTransaction;
  disputes: Dispute;
  webhook_endpoints: WebhookEndpoint;
  carrier_endpoints: CarrierEndpoint;
  announcements: Announcement;
  deliveries: Delivery;
  shipments: Shipment;
  messages: SentMessage;
  dues: Due;
  faults: Fault;
  results: KeptResult;
  requests: SeenRequest;
}
export type CollectionName = keyof Collections;
