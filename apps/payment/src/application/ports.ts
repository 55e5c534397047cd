import type { Transaction } from '@libs/postgres/transaction';
import type { FeeSchedule } from '../domain/fees';
import type { AccountCode, Posting } from '../domain/ledger';
import type { Operation, OperationKind } from '../domain/operation';
import type { Payment } from '../domain/payment';
import type { Payout } from '../domain/payout';

/** `payout` is the wait for money that is not available yet. */
export type TimerKind = 'retry' | 'give_up' | 'payout';
export interface Timer {
  readonly orderId: string;
  readonly kind: TimerKind;
  readonly dueAt: Date;
}

export abstract class Payments {
  /** Whoever holds this lock is alone with the order's money, its operations, refund and payout among it. */
  abstract lock(tx: Transaction, orderId: string): Promise<Payment | undefined>;
  abstract open(tx: Transaction, payment: Payment): Promise<void>;
  abstract save(tx: Transaction, payment: Payment): Promise<void>;
  abstract find(orderId: string): Promise<Payment | undefined>;
  abstract findByIntent(intentId: string): Promise<Payment | undefined>;
  /** Marks an order that was cancelled before its charge began, so that a late charge is refused. */
  abstract bury(tx: Transaction, orderId: string): Promise<void>;
  abstract isBuried(tx: Transaction, orderId: string): Promise<boolean>;
  /** Intents of unpaid charges that nobody has looked at for a while: the buyer may have paid at the provider and its message be lost. */
  abstract takeUnwatched(olderThanMs: number, limit: number): Promise<string[]>;
  abstract setTimer(tx: Transaction, timer: Timer): Promise<void>;
  abstract dropTimers(tx: Transaction, orderId: string): Promise<void>;
  abstract dropTimer(tx: Transaction, orderId: string, kind: TimerKind): Promise<void>;
  /** Those that may fire, in the order of their due times: none of an order with an open operation, since its outcome may change what is right. */
  abstract dueTimers(now: Date, limit: number, after?: Timer): Promise<Timer[]>;
  /** Ends the timer; false when it has been dropped meanwhile. */
  abstract timerFired(tx: Transaction, timer: Timer, now: Date): Promise<boolean>;
}

/** `cause`: the span that has asked for it. */
/** `refundReason`: of a refund alone. */
export type TakenOperation = Operation & { readonly isFresh: boolean; readonly ageMs: number; readonly cause?: string; readonly refundReason?: string };

export abstract class Operations {
  abstract plan(tx: Transaction, plan: { orderId: string; kind: OperationKind; amount: Payment['price']; paymentMethodId?: string; delayMs?: number }): Promise<string>;
  /** Takes what is due, marks it `sent` and leases it, so that a crash from here on counts as an unknown outcome. `isFresh`: it has never been sent. */
  abstract take(limit: number): Promise<TakenOperation[]>;
  /** What a dead process had taken is free at once, and of this one's whatever is not `underWay`; what another living one is at work on is not. */
  abstract freeLeases(underWay: readonly string[]): Promise<void>;
  abstract find(operationId: string): Promise<Operation | undefined>;
  abstract read(tx: Transaction, operationId: string): Promise<Operation | undefined>;
  abstract ofOrder(tx: Transaction, orderId: string): Promise<Operation[]>;
  /**
   * Back to `planned` only when the provider has not read it; `sent` when it is waiting for the provider's object. Whoever slept so long that
   * another has taken it up since changes nothing: what that one has sent must not count as never sent.
   */
  abstract defer(taken: Pick<Operation, 'id' | 'takes'>, as: 'unknown' | 'planned' | 'sent', delayMs: number): Promise<void>;
  /** Asks about it again at once. */
  abstract lookNow(tx: Transaction, operationId: string): Promise<void>;
  abstract nameProviderObject(tx: Transaction, operationId: string, providerId: string): Promise<void>;
  abstract resolve(tx: Transaction, operationId: string, outcome: { state: 'succeeded' | 'failed'; providerId?: string; failureCode?: string }): Promise<void>;
  /** What the buyer's own client did at the provider is written down as well: the ledger's capture always has its operation. */
  abstract recordSucceeded(tx: Transaction, operation: { orderId: string; kind: OperationKind; amount: Payment['price']; providerId: string }): Promise<void>;
  /** Planned operations that have not been sent cannot have done anything. Answers which they were. */
  abstract abandonPlanned(tx: Transaction, orderId: string, kinds: readonly OperationKind[]): Promise<string[]>;
  abstract openCount(): Promise<number>;
  abstract unknownFor(ms: number, limit: number): Promise<Operation[]>;
}

/** A user's key for one command, and that command's name and fields. */
export interface CommandKey {
  readonly userId: string;
  readonly key: string;
  readonly body: string;
}

export interface KeptAnswer {
  readonly isSameBody: boolean;
  /** None while the command has not been carried out. */
  readonly answer: unknown;
}

export abstract class KeptAnswers {
  /** Takes the key; or says how it stands when it was taken before. */
  abstract take(tx: Transaction, key: CommandKey): Promise<KeptAnswer | undefined>;
  abstract keep(tx: Transaction, key: CommandKey, answer: unknown): Promise<void>;
  /** Forgets those that are more than a day old. */
  abstract prune(): Promise<void>;
}

export abstract class Ledger {
  /** Once per key: a second post of the same event changes nothing. */
  abstract post(tx: Transaction, posting: Posting, at: Date): Promise<void>;
  abstract trialBalance(): Promise<{ code: AccountCode; currency: string; balanceMinor: number }[]>;
  abstract hasReference(externalRef: string): Promise<{ stripeNetMinor: number } | undefined>;
}

export abstract class FeeSchedules {
  abstract all(): Promise<FeeSchedule[]>;
}

export interface Refund {
  readonly id: string;
  readonly orderId: string;
  readonly reason: string;
  readonly isBorneByPlatform: boolean;
}

export abstract class Refunds {
  abstract ofOrder(tx: Transaction, orderId: string): Promise<Refund | undefined>;
  abstract add(tx: Transaction, refund: Omit<Refund, 'id'>): Promise<void>;
}

export abstract class Payouts {
  abstract ofOrder(tx: Transaction, orderId: string): Promise<Payout | undefined>;
  abstract orderOf(providerId: string): Promise<string | undefined>;
  abstract add(tx: Transaction, payout: Omit<Payout, 'id'>): Promise<Payout>;
  abstract save(tx: Transaction, payout: Payout): Promise<void>;
  /** Held ones, and transferred ones that wait for their payout, whose seller's account may be paid now: their orders, oldest first, after that one. */
  abstract ready(now: Date, limit: number, afterOrderId?: string): Promise<string[]>;
  /** On their way for longer than expected: their message may be lost. */
  abstract takeOverdue(now: Date, limit: number): Promise<{ accountId: string; providerId: string }[]>;
  abstract page(sellerId: string, page: { limit: number; before: string | undefined; payoutId: string | undefined }): Promise<Payout[]>;
}

export interface Card {
  readonly id: string;
  readonly userId: string;
  readonly providerId: string;
  readonly brand: string;
  readonly last4: string;
  readonly expMonth: number;
  readonly expYear: number;
  readonly isDefault: boolean;
}

export abstract class Cards {
  abstract customerOf(userId: string): Promise<string | undefined>;
  abstract userOf(customerId: string): Promise<string | undefined>;
  abstract addCustomer(tx: Transaction, userId: string, customerId: string): Promise<void>;
  abstract setupStarted(tx: Transaction, userId: string, setupIntentId: string): Promise<void>;
  /** Whether the user may have confirmed a card that we have not heard of yet. */
  abstract hasOpenSetup(userId: string): Promise<boolean>;
  abstract closeSetup(tx: Transaction, setupIntentId: string): Promise<void>;
  abstract ownerOf(providerId: string): Promise<string | undefined>;
  /** Serialises all changes to one user's cards. */
  abstract lockUser(tx: Transaction, userId: string): Promise<void>;
  /** The default first. */
  abstract ofUser(userId: string, tx?: Transaction): Promise<Card[]>;
  /** Grows with each card of the user that is added or removed. */
  abstract changesOf(userId: string, tx?: Transaction): Promise<number>;
  abstract find(cardId: string): Promise<Card | undefined>;
  abstract add(tx: Transaction, card: Omit<Card, 'id'> & { fingerprint: string | undefined }): Promise<Card>;
  abstract remove(tx: Transaction, cardId: string): Promise<void>;
  abstract makeDefault(tx: Transaction, userId: string, cardId: string): Promise<void>;
}

export interface PayoutAccount {
  readonly userId: string;
  readonly providerId: string;
  readonly isEnabled: boolean;
  readonly bankLast4: string;
  readonly bankFingerprint: string;
  /** Business time; none while the account is the first one. */
  readonly changedAt: Date | undefined;
  /** How often the bank has been changed. */
  readonly bankChanges: number;
}

export abstract class PayoutAccounts {
  abstract find(userId: string, tx?: Transaction): Promise<PayoutAccount | undefined>;
  abstract lock(tx: Transaction, userId: string): Promise<PayoutAccount | undefined>;
  abstract userOf(providerId: string): Promise<string | undefined>;
  abstract add(tx: Transaction, account: PayoutAccount): Promise<boolean>;
  abstract save(tx: Transaction, account: PayoutAccount): Promise<void>;
}

export interface InboxEvent {
  readonly id: string;
  readonly endpoint: string;
  readonly type: string;
  readonly objectId: string;
  readonly accountId: string | undefined;
  readonly customerId: string | undefined;
  readonly attempts: number;
}

const MESSAGE = 'message ';

/** How a message is named where several kinds of work are. */
export const messageSubject = (eventId: string): string => `${MESSAGE}${eventId}`;

export function messageOf(subject: string): string | undefined {
  return subject.startsWith(MESSAGE) ? subject.slice(MESSAGE.length) : undefined;
}

export abstract class ProviderInbox {
  /** False when it had been received before. */
  abstract add(event: Omit<InboxEvent, 'attempts'> & { createdAt: Date; body: Uint8Array }): Promise<boolean>;
  abstract due(limit: number): Promise<InboxEvent[]>;
  abstract applied(eventIds: readonly string[]): Promise<void>;
  abstract retryLater(eventId: string, delayMs: number): Promise<void>;
  abstract retryNow(tx: Transaction, eventId: string): Promise<void>;
  abstract openCount(): Promise<number>;
}

export interface EndpointSecret {
  readonly name: string;
  readonly providerId: string;
  readonly url: string;
  readonly sealed: Buffer;
}

export abstract class EndpointSecrets {
  abstract find(name: string): Promise<EndpointSecret | undefined>;
  abstract save(secret: EndpointSecret): Promise<void>;
}

export const taskKinds = ['unknown_operation', 'failed_refund', 'failed_transfer', 'failed_payout', 'unmatched_line', 'stuck_work'] as const;
export type TaskKind = (typeof taskKinds)[number];

export interface ManualTask {
  readonly id: string;
  readonly kind: TaskKind;
  /** What it is about: an operation or a line at the provider. One task is open for each. */
  readonly subject: string;
  readonly orderId: string | undefined;
  readonly detail: string;
  readonly advice: string;
  readonly openedAt: Date;
  readonly closedAt: Date | undefined;
}

export abstract class ManualTasks {
  abstract open(tx: Transaction, task: { kind: TaskKind; subject: string; orderId?: string; detail: string; advice: string }): Promise<void>;
  abstract close(tx: Transaction, close: { kind: TaskKind; subject: string; by: string; reason: string }): Promise<void>;
  abstract lock(tx: Transaction, taskId: string): Promise<ManualTask | undefined>;
  abstract page(page: { includeClosed: boolean; limit: number; before: string | undefined }): Promise<ManualTask[]>;
}

export abstract class ReconcileCursor {
  abstract read(): Promise<Date | undefined>;
  abstract move(to: Date): Promise<void>;
}

export interface ReconciliationResult {
  /** `differs`: some lines of the provider are not ours; each is a task for a person. */
  readonly outcome: 'agrees' | 'differs' | 'provider_unavailable' | 'failed';
  /** From when on the provider's lines were compared. */
  readonly since?: Date | undefined;
  readonly lines: number;
  readonly feesBooked: number;
  readonly unmatched: number;
}

export interface Reconciliation extends Omit<ReconciliationResult, 'outcome'> {
  readonly id: string;
  /** An admin, `command`, or `schedule`. */
  readonly askedBy: string;
  readonly askedAt: Date;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  readonly outcome: ReconciliationResult['outcome'] | undefined;
}

export abstract class Reconciliations {
  abstract ask(by: string, at: Date): Promise<Reconciliation>;
  /** The oldest that is not finished. */
  abstract next(): Promise<string | undefined>;
  abstract start(id: string, at: Date): Promise<void>;
  abstract finish(id: string, result: ReconciliationResult, at: Date): Promise<void>;
  abstract page(page: { limit: number; before: string | undefined }): Promise<Reconciliation[]>;
  abstract prune(at: Date): Promise<void>;
}

/** What else there is to say of a step at the provider. */
export interface Happening {
  /** Of a refund: why the order gives the money back. */
  readonly reason?: string;
  readonly [field: string]: unknown;
}

/** One call site for each money event: the counter and the log line cannot drift apart. */
export abstract class Telemetry {
  abstract happened(op: OperationKind | 'webhook', outcome: string, fields?: Happening): void;
  /** A message of the provider has arrived about something that happened there so long ago. */
  abstract heard(secondsAgo: number): void;
  /** A piece of work has failed for a reason of our own. */
  abstract broke(subject: string, error: unknown): void;
}

/** Lets a use case wake the loop that carries on what it has planned. `settled`: a step at the provider is over, so that there is room for the next, and a timer that waited for it may fire. */
export abstract class Wake {
  abstract operations(): void;
  abstract inbox(): void;
  abstract settled(): void;
}
