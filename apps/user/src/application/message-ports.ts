import type { Transaction } from '@libs/postgres/transaction';
import type { EmailChange, LinkPurpose, MessageKind } from '../domain/mail';

export interface MailedToken {
  readonly hash: string;
  readonly purpose: LinkPurpose;
  readonly userId: string;
  readonly email: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

export interface WantedToken {
  readonly hash: string;
  readonly purposes: readonly LinkPurpose[];
  readonly now: Date;
}

/** Tokens that went out by mail, as hashes. */
export abstract class MailedTokens {
  /** The older ones of this purpose, and their messages that are still here, are void from now on. */
  abstract issue(tx: Transaction, token: MailedToken): Promise<void>;
  /** Reads one that is good, and leaves it good. */
  abstract find(wanted: WantedToken, tx?: Transaction): Promise<MailedToken | undefined>;
  /** Uses it up: of any number at once, one is answered true. */
  abstract use(tx: Transaction, wanted: WantedToken): Promise<boolean>;
  abstract void(tx: Transaction, userId: string, purposes: readonly LinkPurpose[]): Promise<void>;
}

export abstract class EmailChanges {
  /** Replaces the user's wish from before. */
  abstract wish(tx: Transaction, change: EmailChange, at: Date): Promise<void>;
  abstract find(tx: Transaction, userId: string, now: Date): Promise<EmailChange | undefined>;
  abstract confirm(tx: Transaction, change: EmailChange, at: Date): Promise<void>;
  abstract end(tx: Transaction, userId: string): Promise<void>;
}

export interface PlannedMessage {
  readonly id: string;
  readonly kind: MessageKind;
  readonly userId: string;
  readonly to: string;
  /** Empty for a notice. */
  readonly token: string;
  readonly plannedAt: Date;
  readonly expiresAt?: Date;
}

export interface AskedReset {
  readonly id: string;
  readonly email: string;
}

export interface DueMessage extends PlannedMessage {
  readonly attempts: number;
}

/** Messages to hand over: they are committed with what they tell of, and stay until notification has taken them. */
export abstract class AccountMessages {
  abstract plan(tx: Transaction, message: PlannedMessage): Promise<void>;
  /** How many of a kind the user was sent since. */
  abstract count(tx: Transaction, userId: string, kind: MessageKind, since: Date): Promise<number>;
  /** Somebody has forgotten the password of this address, if there is such an account. */
  abstract askReset(request: AskedReset, at: Date): Promise<void>;
  abstract nextAsked(tx: Transaction): Promise<AskedReset | undefined>;
  /** Leases what is due: whoever leased it and did not come back is followed by another. */
  abstract lease(limit: number): Promise<readonly DueMessage[]>;
  abstract handedOver(id: string): Promise<void>;
  abstract drop(id: string, reason: string, tx?: Transaction): Promise<void>;
  abstract tryAgain(id: string, afterMs: number): Promise<void>;
  /** What is due now. */
  abstract due(): Promise<number>;
  /** Removes what ended long ago, links and wishes among it, a batch at a time. */
  abstract sweep(now: Date): Promise<void>;
}

/** The service that writes the mail. Idempotent by the message's id. */
export abstract class Mail {
  abstract send(message: PlannedMessage): Promise<void>;
}
