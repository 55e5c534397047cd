import type { Transaction } from '@libs/postgres/transaction';
import type { Address, AddressChange } from '../domain/address';
import type { Client, Session, UsedToken } from '../domain/session';
import type { StrikeKind } from '../domain/strikes';
import type { Role, User } from '../domain/user';

export interface Credentials {
  readonly user: User;
  readonly passwordHash: string;
}

export abstract class Users {
  /** Within a transaction its own connection reads: another one might never come free. */
  abstract find(id: string, tx?: Transaction): Promise<User | undefined>;
  abstract credentialsOf(by: { readonly email: string } | { readonly id: string }): Promise<Credentials | undefined>;
  /** Locks the user until the transaction ends: whatever changes roles, password or suspension, or opens a session, comes one after the other. */
  abstract lock(tx: Transaction, id: string): Promise<Credentials | undefined>;
  /** Answers false when the e-mail address is taken. */
  abstract add(tx: Transaction, user: User, passwordHash: string): Promise<boolean>;
  abstract update(tx: Transaction, user: User): Promise<void>;
  /** Answers false when somebody else has the address. */
  abstract changeEmail(tx: Transaction, user: User): Promise<boolean>;
  abstract idOf(tx: Transaction, email: string): Promise<string | undefined>;
  abstract setPassword(tx: Transaction, id: string, passwordHash: string): Promise<void>;
  /** The administrators who are not suspended; they cannot cease to be so until the transaction ends. */
  abstract lockAdmins(tx: Transaction): Promise<readonly string[]>;
  /** `query` is the beginning of an e-mail address or of a name, or a user's id. Newest first. */
  abstract page(request: { readonly query: string; readonly limit: number; readonly after: string }): Promise<{ readonly users: readonly User[]; readonly next?: string }>;
}

/** What naming the first administrator needs of an account: nothing that is sealed. */
export abstract class FirstAdmins {
  /** Locks the account, and keeps others from becoming administrators until the transaction ends. */
  abstract lock(tx: Transaction, email: string): Promise<{ readonly userId: string; readonly roles: readonly Role[]; readonly isAnotherAdmin: boolean } | undefined>;
  abstract setRoles(tx: Transaction, userId: string, roles: readonly Role[]): Promise<void>;
}

export abstract class Sessions {
  abstract open(tx: Transaction, session: Session, tokenHash: string): Promise<void>;
  /** Those that are not over, the last used one first. */
  abstract live(userId: string, now: Date): Promise<readonly Session[]>;
  /** Whose session it is, while it lives. */
  abstract liveOwner(sessionId: string, now: Date): Promise<string | undefined>;
  /** Whether the user has had a session of this client lately, live or not. */
  abstract knowsClient(tx: Transaction, userId: string, client: Client): Promise<boolean>;
  /** The live session that a refresh token belongs to, used or not; locked until the transaction ends. */
  abstract lockByToken(tx: Transaction, tokenHash: string, now: Date): Promise<Session | 'unknown' | 'ended'>;
  /** Marks the token as used: answers false when it was used before. */
  abstract useToken(tx: Transaction, token: { readonly hash: string; readonly client: string; readonly nonce: string; readonly at: Date }): Promise<boolean>;
  abstract addToken(tx: Transaction, session: Session, tokenHash: string): Promise<void>;
  abstract usedToken(tx: Transaction, tokenHash: string, client: string): Promise<UsedToken & { readonly nonce: string }>;
  abstract markRepeated(tx: Transaction, tokenHash: string): Promise<void>;
  /** Ends live sessions of a user: one, all but one, or all. Answers how many. Gateways hear of each within 200 ms. */
  abstract revoke(tx: Transaction, userId: string, which: { readonly only?: string; readonly except?: string; readonly beyond?: number }, end: { readonly at: Date; readonly why: SessionEnd }): Promise<number>;
  /** Removes what ended long ago, a batch at a time. */
  abstract sweep(now: Date): Promise<void>;
}

export type SessionEnd = 'logout' | 'revoked' | 'password_changed' | 'password_reset' | 'roles_changed' | 'suspended' | 'token_reused' | 'too_many';

export interface Revocation {
  readonly sessionId: string;
  readonly forgetAt: Date;
}

export type RevocationNews =
  | { readonly kind: 'snapshot'; readonly revoked: readonly Revocation[] }
  | { readonly kind: 'revoked'; readonly revocation: Revocation }
  | { readonly kind: 'heartbeat' };

/** Sessions as they end, whoever ended them: another instance, or this one before it was started again. */
export abstract class RevocationFeed {
  /** Answers a function that ends the subscription. The snapshot comes first; no change after it is missed, and some may be told twice. `failed`: there was no snapshot. */
  abstract watch(listener: (news: RevocationNews) => void, failed: (error: unknown) => void): () => void;
}

export abstract class Addresses {
  /** All that are not removed; with the user's row locked, when a transaction is given. */
  abstract of(userId: string, tx?: Transaction): Promise<readonly Address[]>;
  abstract version(versionId: string): Promise<{ readonly address: Address; readonly userId: string } | undefined>;
  abstract apply(tx: Transaction, userId: string, changes: readonly AddressChange[], at: Date): Promise<void>;
}

export abstract class Strikes {
  /** Once for each (order, kind): again is nothing. Answers for how many orders the user has had one of the `counted` kinds from `since`. */
  abstract record(
    tx: Transaction,
    strike: { readonly userId: string; readonly orderId: string; readonly kind: StrikeKind; readonly at: Date },
    counted: { readonly kinds: readonly StrikeKind[]; readonly since: Date },
  ): Promise<number>;
}

/** Append-only: who did what to whose account, and why. */
export abstract class AdminActions {
  abstract record(tx: Transaction, action: AdminAction): Promise<void>;
}

export interface AdminAction {
  /** Undefined: the operator, at the command line. */
  readonly actorId?: string;
  readonly userId: string;
  readonly action: 'roles_set' | 'suspended' | 'reinstated' | 'first_admin_granted';
  readonly reason: string;
  readonly before: string;
  readonly after: string;
  readonly at: Date;
}

/** Slow on purpose, and bounded: beyond 32 who wait, it refuses. */
export abstract class Passwords {
  abstract hash(password: string): Promise<string>;
  /** Takes as long for an account that does not exist. */
  abstract matches(password: string, hash: string | undefined): Promise<boolean>;
  /** Made at a lower cost than the configured one. */
  abstract isOutdated(hash: string): boolean;
}

export abstract class AccessTokens {
  abstract issue(claims: { readonly userId: string; readonly sessionId: string; readonly roles: readonly string[] }, from: Date, to: Date): string;
  /** The public keys as a JSON Web Key Set. */
  abstract keySet(): string;
}

/** What a stolen database does not hold: it has hashes only. */
export abstract class RefreshTokens {
  abstract fresh(): string;
  abstract hash(token: string): string;
  abstract nonce(): string;
  /** The token that follows; the same again for the same nonce, so that it need not be kept. */
  abstract successor(token: string, nonce: string): string;
  abstract fingerprint(client: Client): string;
}

/** The keys that things are sealed with: the first one seals, all of them open. */
export abstract class DataKeys {
  /** Their ids, the first one first. */
  abstract ids(): readonly string[];
  abstract add(): void;
  abstract forgetOlder(): void;
}

/** Everything that is sealed, wherever it stands. */
export abstract class SealedRows {
  /** Seals a batch with the present key that was sealed with another; answers how many, and where the next batch begins. */
  abstract reseal(after: SealedPlace | undefined): Promise<{ readonly resealed: number; readonly next?: SealedPlace }>;
  /** From now on nothing can be sealed with any of these keys. Answers false, and does nothing, while something still is. */
  abstract retire(kids: readonly string[]): Promise<boolean>;
}

export interface SealedPlace {
  readonly table: number;
  readonly id: string;
}

/** Personal data at rest. `place` says whose it is and where it stands: what is sealed for one place opens in no other. */
export abstract class Sealer {
  abstract seal(text: string, place: string): string;
  abstract open(sealed: string, place: string): string;
}
