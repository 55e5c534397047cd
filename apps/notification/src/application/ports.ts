import type { Transaction } from '@libs/postgres/transaction';
import type { Channel, EventName, Kind } from '../domain/catalogue';
import type { State } from '../domain/delivery';
import type { Preferences } from '../domain/preferences';
import type { RenderedMail } from '../domain/render';
import type { Around, Facts } from '../domain/told';

/** Where a message comes from and what it is about, before it is known by which ways it goes. */
export interface Plan {
  /** Whatever comes from the same source is planned once; without one it is not planned. */
  readonly source: string | undefined;
  readonly kind: Kind;
  readonly userId: string;
  readonly facts: Facts;
  readonly orderId?: string;
  readonly matchId?: string;
  readonly marketId?: string;
  readonly sealed?: Secrets;
  readonly expiresAt?: Date;
}

/** Of a message to an address of its own. */
export interface Secrets {
  readonly to: string;
  readonly token: string;
}

/** A message that this process has for a while, with all that its words need. */
export interface TakenMessage {
  readonly id: string;
  readonly kind: Kind;
  readonly channel: Channel;
  readonly userId: string;
  readonly state: State;
  readonly isCritical: boolean;
  readonly facts: Facts;
  readonly around: Around;
  readonly preferences: Preferences;
  readonly secrets?: Secrets;
  readonly isExpired: boolean;
  readonly plannedAt: Date;
  readonly attempts: number;
  readonly resends: number;
  readonly looks: number;
  readonly sendingAt?: Date;
  readonly unknownForMs: number;
}

export interface Moved {
  readonly reason?: string;
  readonly providerId?: string;
  readonly delayMs?: number;
}

export interface ParkedMessage {
  readonly id: string;
  readonly kind: string;
  readonly channel: Channel;
  readonly userId: string;
  readonly reason: string;
  readonly attempts: number;
  readonly createdAt: Date;
}

export abstract class ParkedMessages {
  abstract list(limit: number): Promise<ParkedMessage[]>;
  /** This one, or all. Answers how many are tried anew. */
  abstract resume(id: string | undefined): Promise<number>;
}

export type Queue = Readonly<Record<'planned' | 'unknown' | 'parked', Readonly<Record<Channel, number>>>>;

export abstract class Messages {
  abstract plan(tx: Transaction, plan: Plan, wanted: readonly Channel[], at: Date): Promise<void>;
  /** Those that are due, the longest waiting first. Nobody else has them while this process works on them. */
  abstract take(limit: number, now: Date): Promise<TakenMessage[]>;
  /** Answers whether it was still in the state that it was taken in. The only place that writes a state. */
  abstract move(message: Pick<TakenMessage, 'id' | 'state'>, to: State, more?: Moved): Promise<boolean>;
  /** Looked at again later, in the state that it is in. */
  abstract later(id: string, delayMs: number): Promise<void>;
  abstract hold(id: string, until: Date): Promise<void>;
  /** Into its reader's inbox, and done. */
  abstract deliverToInbox(message: TakenMessage, shown: { title: string; text: string; link: string; event: EventName }): Promise<void>;
  /** What a dead process had taken is free at once, and of this one's whatever is not `underWay`; what another living one is at work on is not. */
  abstract freeLeases(underWay: readonly string[]): Promise<void>;
  /** What has yet to be done, as of a business time. What waits for quiet hours to end is not due. */
  abstract dueCount(now: Date): Promise<number>;
  abstract queue(): Promise<Queue>;
  /** Gives up those that wait in vain to hear which pair they are about, and forgets what ended long ago. */
  abstract sweep(now: Date): Promise<void>;
  /** Which of these are known to belong to other messages. */
  abstract claimed(providerIds: readonly string[], but: string): Promise<ReadonlySet<string>>;
}

export interface Quote {
  readonly id: string;
  readonly marketId: string;
  readonly side: 'bid' | 'ask';
  readonly userId: string;
  readonly priceMinor: number;
  readonly currency: string;
  readonly priority: number;
  readonly isActive: boolean;
  readonly placedAt: Date;
  readonly expiresAt: Date;
}

export interface Outbid {
  readonly bidId: string;
  readonly userId: string;
  readonly priceMinor: number;
}

/** What the exchange has announced, as far as messages tell of it. */
export abstract class Known {
  abstract market(tx: Transaction, market: { id: string; item: string; size: string; urlKey: string }): Promise<void>;
  abstract match(tx: Transaction, match: { id: string; marketId: string; priceMinor: number; currency: string }): Promise<void>;
  abstract order(tx: Transaction, order: { id: string; matchId: string; buyerId: string; sellerId: string }): Promise<void>;
  abstract partiesOf(tx: Transaction, orderId: string): Promise<{ buyerId: string; sellerId: string } | undefined>;
}

export abstract class Quotes {
  /** False for news that is older than what is known. */
  abstract put(tx: Transaction, quote: Quote, as: { seq: number; warnAt: Date | undefined; at: Date }): Promise<boolean>;
  abstract end(tx: Transaction, id: string, as: { seq: number; at: Date }): Promise<void>;
  /** The best bid of somebody else that this one has just put in second place. */
  abstract outbidBy(tx: Transaction, bid: Quote, now: Date): Promise<Outbid | undefined>;
  abstract takeExpiring(tx: Transaction, now: Date, limit: number): Promise<Quote[]>;
  abstract expiringCount(now: Date): Promise<number>;
}

export interface InboxItem {
  readonly id: string;
  readonly event: string;
  readonly title: string;
  readonly text: string;
  readonly link: string;
  readonly status: InboxStatus;
  readonly createdAt: Date;
}

export const inboxStatuses = ['unseen', 'seen', 'read', 'archived'] as const;
export type InboxStatus = (typeof inboxStatuses)[number];

export abstract class Inbox {
  abstract page(userId: string, query: { status?: InboxStatus; limit: number; before?: string }): Promise<InboxItem[]>;
  abstract counts(userId: string): Promise<Readonly<Record<InboxStatus, number>>>;
  abstract mark(userId: string, id: string, status: InboxStatus): Promise<InboxItem | undefined>;
  abstract markAll(userId: string, status: InboxStatus): Promise<number>;
}

export abstract class PreferenceBook {
  abstract of(userId: string): Promise<Preferences>;
  abstract read(tx: Transaction, userId: string): Promise<Preferences>;
  abstract write(tx: Transaction, userId: string, preferences: Preferences): Promise<void>;
  /** One choice, whatever the others are. */
  abstract switchOff(userId: string, event: EventName, channel: Channel): Promise<void>;
}

export interface Contact {
  readonly email: string;
  readonly phone: string;
  readonly firstName: string;
}

/** Where somebody is reached: asked for when a message goes out, and kept nowhere. */
export abstract class Contacts {
  /** Undefined when there is no such user any more. Throws `AppError` when nobody can say. */
  abstract of(userId: string): Promise<Contact | undefined>;
}

/** What became of one call to a provider. `refused`: for good. `later`: it says that it did nothing. `unknown`: it may have done it. */
export type Sent = { readonly outcome: 'sent'; readonly providerId: string } | { readonly outcome: 'refused' | 'later' | 'unknown'; readonly reason: string };
export type Found = { readonly found: 'yes'; readonly providerId: string } | { readonly found: 'no' } | { readonly found: 'cannot_tell'; readonly reason: string };

export interface Mail extends RenderedMail {
  readonly id: string;
  readonly to: string;
  /** The one-click way out (RFC 8058), where there is one. */
  readonly unsubscribeUrl?: string;
}

export abstract class MailProvider {
  abstract send(mail: Mail): Promise<Sent>;
  abstract find(id: string): Promise<Found>;
}

export interface TextMessage {
  readonly to: string;
  readonly body: string;
}

export abstract class TextProvider {
  abstract send(message: TextMessage): Promise<Sent>;
  /** The provider knows no id of ours: the ids of all messages of these words to this number since then, the newest first. */
  abstract sentSince(message: TextMessage, since: Date): Promise<readonly string[] | undefined>;
}

/** Seals what is secret, and makes links that nobody else can make. */
export abstract class Sealing {
  abstract seal(text: string, rowId: string): Buffer;
  /** Undefined when it was sealed under another key or for another row. */
  abstract open(sealed: Buffer, rowId: string): string | undefined;
  abstract unsubscribeToken(userId: string, event: EventName): string;
  abstract openUnsubscribeToken(token: string): { userId: string; event: string } | undefined;
}

export abstract class Settings {
  abstract readonly publicUrl: string;
  abstract readonly atOnce: number;
  abstract readonly backoffMs: number;
  /** How long a message of unknown fate is looked for. */
  abstract readonly unknownMs: number;
}

export type Outcome = 'sent' | 'failed' | 'dropped' | 'parked' | 'unknown' | 'retried' | 'held';

export abstract class Telemetry {
  abstract happened(channel: Channel, outcome: Outcome, fields: { readonly kind: Kind; readonly id: string; readonly reason?: string }): void;
  abstract broke(id: string, error: unknown): void;
}
