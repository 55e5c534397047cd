import type { Transaction } from '@libs/postgres/transaction';
import type { DeadlineRules } from '../domain/deadlines';
import type { Actor, Effect, OrderEvent, Status, TimerKind } from '../domain/lifecycle';
import type { Leg, Line, Order, PaymentStatus, PayoutStatus } from '../domain/order';
import type { ParcelState, Scan } from '../domain/parcel';

/** A person's key for one request, and that request's name and fields. */
export interface RequestKey {
  readonly key: string;
  readonly body: string;
}

/** A row of the audit log, without the hashes that chain it to the one before. */
export interface HistoryEntry {
  readonly version: number;
  readonly event: OrderEvent;
  readonly from: Status | '';
  readonly to: Status;
  readonly actor: Actor;
  readonly actorId?: string;
  readonly reason: string;
  readonly at: Date;
  readonly traceId: string;
  readonly request?: RequestKey;
}

/** What has happened to an order, and the hash that its next entry follows. */
export interface Past {
  readonly events: readonly OrderEvent[];
  readonly hash: string;
}

export interface OrderFilter {
  /** Orders of this user on the given side, or on either; without a user everybody's. */
  readonly userId?: string;
  readonly side?: 'buyer' | 'seller';
  readonly state?: 'active' | 'history';
  readonly limit: number;
  /** Orders before this one. */
  readonly before?: string;
}

/** What may change beside the status, whose only writer is `Advance`. */
export interface OrderPatch {
  readonly paymentStatus?: PaymentStatus;
  readonly payoutStatus?: PayoutStatus;
  readonly buyerLines?: readonly Line[];
  readonly sellerLines?: readonly Line[];
  readonly tracking?: Readonly<Partial<Record<Leg, string>>>;
  readonly doNotRelist?: boolean;
  /** Only ever later than it was. */
  readonly shipBy?: Date;
}

/** An order that a commit has changed, and whose it is. */
export interface ChangedOrder {
  readonly orderId: string;
  readonly buyerId: string;
  readonly sellerId: string;
}

export abstract class Orders {
  /** `tell` hears of every order that was changed, right after the commit. */
  abstract onCommitted(tell: (changed: readonly ChangedOrder[]) => void): void;
  /** Answers false when the match has an order already. */
  abstract insert(tx: Transaction, order: Order, entry: HistoryEntry): Promise<boolean>;
  abstract find(id: string): Promise<Order | undefined>;
  abstract idOfMatch(tx: Transaction, matchId: string): Promise<string | undefined>;
  /** Under its row lock, until the end of `tx`. */
  abstract lock(tx: Transaction, id: string): Promise<Order | undefined>;
  /** For `Advance` alone: the new state, and the entry of the audit log that explains it, chained to the one before by its hash. */
  abstract record(tx: Transaction, order: Order, entry: HistoryEntry, past: Past): Promise<void>;
  abstract past(tx: Transaction, id: string): Promise<Past>;
  abstract patch(tx: Transaction, id: string, patch: OrderPatch): Promise<void>;
  abstract page(filter: OrderFilter): Promise<Order[]>;
  /** Those whose payment was announced, whatever became of them, by id. */
  abstract announcedPaid(after: string, limit: number): Promise<Order[]>;
  abstract countByStatus(): Promise<Readonly<Partial<Record<Status, number>>>>;
}

export abstract class History {
  /** Whether this user's key was used for the same request; undefined when it was not used, and then it is this transaction's. */
  abstract findKey(tx: Transaction, actorId: string, request: RequestKey): Promise<boolean | undefined>;
  abstract of(orderId: string): Promise<HistoryEntry[]>;
}

export interface SagaStep {
  readonly id: number;
  readonly orderId: string;
  readonly kind: Effect;
  readonly attempts: number;
  /** The span that has asked for it. */
  readonly cause?: string;
}

/** With its order as it was then. */
export interface ClaimedStep extends SagaStep {
  readonly order: Order;
}

export abstract class Steps {
  /** Once for each order and kind. */
  abstract add(tx: Transaction, orderId: string, kinds: readonly Effect[]): Promise<void>;
  /** Takes steps that are due, those of one order in their order, each for a lease of technical time. */
  abstract claim(limit: number): Promise<ClaimedStep[]>;
  /** Lets others take at once what instances had taken that are gone; what a living one holds stays its own. */
  abstract freeOfTheDead(): Promise<void>;
  abstract finish(tx: Transaction, orderId: string, kinds: readonly Effect[], state: 'done' | 'void'): Promise<void>;
  /** Asked, and not known yet: an event or another look concludes it. */
  abstract wait(tx: Transaction, step: SagaStep, ms: number): Promise<void>;
  /** Answers since when the step has been failing, and for how long. */
  abstract fail(step: SagaStep, error: string, retryMs: number): Promise<{ readonly failingMs: number }>;
  abstract hasOpen(tx: Transaction, orderId: string, kind?: Effect): Promise<boolean>;
  /** Runs it at the next pass. */
  abstract hurry(tx: Transaction, orderId: string, kind: Effect): Promise<void>;
  /** Runs it at the next pass, also when it had ended. */
  abstract again(tx: Transaction, orderId: string, kind: Effect): Promise<void>;
  /** Not done, not waiting for others (but for the end of a charge), and neither failing again and again nor held up by one that is. */
  abstract countLive(): Promise<number>;
}

export interface Timer {
  readonly orderId: string;
  readonly kind: TimerKind;
  readonly dueAt: Date;
}

export abstract class Timers {
  /** Begins to run, or runs for longer. */
  abstract start(tx: Transaction, timer: Timer): Promise<void>;
  /** Those that may fire, by due time: none of an order with an open step, since its outcome may change what is right, and no delivery of a parcel that is lost. */
  abstract due(now: Date, limit: number, after?: Timer): Promise<Timer[]>;
  abstract overtake(tx: Transaction, orderId: string, kinds: readonly TimerKind[], at: Date): Promise<void>;
  abstract settle(tx: Transaction, timer: Timer, at: Date, outcome: 'fired' | 'overtaken'): Promise<void>;
  abstract open(tx: Transaction, orderId: string): Promise<Timer[]>;
  abstract countDue(now: Date): Promise<number>;
}

/** The sets of deadlines, by the dates from which they are in force. */
export abstract class Calendar {
  abstract rules(tx: Transaction, at: Date): Promise<DeadlineRules>;
}

export interface Shipment {
  readonly tracking: string;
  readonly orderId: string;
  readonly leg: Leg;
  readonly carrier: string;
  readonly labelUrl: string;
  readonly state: ParcelState;
  readonly shippedAt?: Date;
}

export abstract class Shipments {
  /** Answers false when the tracking number belongs to another parcel. */
  abstract add(tx: Transaction, shipment: Omit<Shipment, 'state' | 'shippedAt'>, at: Date): Promise<boolean>;
  abstract find(tx: Transaction, tracking: string): Promise<Shipment | undefined>;
  abstract findLabel(orderId: string, tracking: string): Promise<Shipment | undefined>;
  /** A number that a person gave, of a parcel without a label of ours. */
  abstract findTyped(tracking: string): Promise<Shipment | undefined>;
  /** Answers false when it is not that parcel's any more. */
  abstract dropTyped(tx: Transaction, parcel: Pick<Shipment, 'tracking' | 'orderId'>): Promise<boolean>;
  abstract update(tx: Transaction, tracking: string, state: ParcelState, scan: Scan): Promise<void>;
  /** Under way, and not looked at for so long of technical time. The look itself counts at once. */
  abstract takeUnchecked(olderThanMs: number, limit: number): Promise<string[]>;
}

export interface CarrierEvent extends Scan {
  readonly id: string;
  readonly rawSha256: string;
}

/** What carriers have told, each event once. An event of a parcel that is not known yet waits here. */
export abstract class CarrierInbox {
  /** Answers false when it came before. */
  abstract add(tx: Transaction, event: CarrierEvent): Promise<boolean>;
  abstract unapplied(tx: Transaction, tracking: string): Promise<CarrierEvent[]>;
  abstract applied(tx: Transaction, eventId: string): Promise<void>;
}

export interface PostalAddress {
  readonly name: string;
  readonly street: string;
  readonly street2: string;
  readonly city: string;
  readonly region: string;
  readonly postalCode: string;
  readonly country: string;
  readonly phone: string;
}

export interface Label {
  readonly tracking: string;
  readonly carrier: string;
  readonly labelUrl: string;
}

export abstract class Carrier {
  /** The same key answers the same label. */
  abstract createLabel(key: string, parcel: { reference: string; leg: Leg; from: PostalAddress; to: PostalAddress }): Promise<Label>;
  abstract scans(tracking: string): Promise<Scan[]>;
  /** Our floor, where pairs are sent for inspection. */
  abstract readonly warehouse: PostalAddress;
}

/** How the charge of an order stands, as payment tells it. */
export interface PaymentView {
  readonly state: string;
  readonly buyerLines: readonly Line[];
  readonly sellerLines: readonly Line[];
}

/** What the saga asks of the other services. Each call is idempotent by order (or match); refusals arrive as `AppError`. */
export abstract class Neighbours {
  abstract reserveStock(order: Order): Promise<void>;
  abstract releaseStock(order: Order): Promise<void>;
  abstract processPayment(order: Order): Promise<PaymentView>;
  abstract cancelPayment(orderId: string): Promise<PaymentView>;
  abstract refundPayment(orderId: string, reason: string, isBorneByPlatform: boolean): Promise<PaymentView>;
  abstract createPayout(orderId: string): Promise<{ readonly state: string }>;
  abstract bustMatch(matchId: string, reason: string, doNotRelist: boolean): Promise<void>;
  abstract recordStrike(userId: string, orderId: string, kind: string): Promise<void>;
  abstract addressOf(versionId: string): Promise<PostalAddress>;
}

export interface ManualTask {
  readonly id: string;
  readonly kind: 'stuck_saga' | 'parcel_lost' | 'overdue' | 'tracking_taken';
  readonly orderId: string;
  readonly subject: string;
  readonly detail: string;
  readonly advice: string;
  readonly openedAt: Date;
  readonly closedAt?: Date;
}

/** What needs a person, with what to do. */
export abstract class ManualTasks {
  /** Once while one of the same subject is open. */
  abstract open(tx: Transaction, task: Omit<ManualTask, 'closedAt'>): Promise<void>;
  abstract find(tx: Transaction, id: string): Promise<ManualTask | undefined>;
  abstract close(tx: Transaction, orderId: string, subjects: readonly string[], by: { at: Date; userId?: string; reason: string }): Promise<void>;
  abstract page(filter: { includeClosed: boolean; limit: number; before?: string }): Promise<ManualTask[]>;
  abstract countStuck(): Promise<number>;
}

/** The carrier's endpoint as we keep it: its secret sealed. */
export abstract class CarrierEndpoints {
  abstract find(url: string): Promise<{ readonly id: string; readonly sealedSecret: string } | undefined>;
  abstract keep(url: string, endpoint: { readonly id: string; readonly sealedSecret: string }): Promise<void>;
}

export abstract class CarrierWebhooks {
  /** Finds or makes our endpoint at the carrier. */
  abstract ensure(): Promise<void>;
  abstract readonly isReady: boolean;
  /** What a webhook says, if its signature is right; undefined when it is of no interest. */
  abstract read(body: Uint8Array, signature: string): Promise<CarrierEvent | undefined>;
}
