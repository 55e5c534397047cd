import { roleUnknown, stale } from './errors';

export const roles = ['buyer', 'seller', 'authenticator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** What somebody may lose without losing the other. */
export type TradingSide = 'buying' | 'selling';

export interface User {
  readonly id: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly phone: string;
  readonly roles: readonly Role[];
  readonly emailVerified: boolean;
  readonly suspended: boolean;
  readonly buyingSuspended: boolean;
  readonly sellingSuspended: boolean;
  /** Strikes from before this do not count any more. */
  readonly reinstatedAt?: Date;
  readonly createdAt: Date;
  readonly version: number;
}

export interface ProfileChanges {
  readonly firstName?: string;
  readonly lastName?: string;
  readonly phone?: string;
}

/** Everybody may buy and sell; to inspect and to administer is granted. */
export function newUser(id: string, email: string, name: { firstName: string; lastName: string }, createdAt: Date): User {
  return {
    id, email, createdAt,
    firstName: name.firstName.trim(),
    lastName: name.lastName.trim(),
    phone: '',
    roles: ['buyer', 'seller'],
    emailVerified: false,
    suspended: false,
    buyingSuspended: false,
    sellingSuspended: false,
    version: 1,
  };
}

/** The same object when nothing changes. `expectedVersion` 0 compares nothing. */
export function changeProfile(user: User, changes: ProfileChanges, expectedVersion: number): User {
  if (expectedVersion !== 0 && expectedVersion !== user.version) throw stale(user.version);
  const firstName = changes.firstName?.trim() ?? user.firstName;
  const lastName = changes.lastName?.trim() ?? user.lastName;
  const phone = changes.phone?.trim() ?? user.phone;
  if (firstName === user.firstName && lastName === user.lastName && phone === user.phone) return user;
  return { ...user, firstName, lastName, phone, version: user.version + 1 };
}

/** The same object when the user has these roles already. `expectedVersion` 0 compares nothing. */
export function withRoles(user: User, names: readonly string[], expectedVersion: number): User {
  if (expectedVersion !== 0 && expectedVersion !== user.version) throw stale(user.version);
  const wanted = roles.filter((role) => names.includes(role));
  const unknown = names.find((name) => !wanted.some((role) => role === name));
  if (unknown !== undefined) throw roleUnknown(unknown);
  if (wanted.length === user.roles.length && wanted.every((role) => user.roles.includes(role))) return user;
  return { ...user, roles: wanted, version: user.version + 1 };
}

/** Somebody has followed a link that was sent to this address. The same object when it was known before. */
export function withVerifiedEmail(user: User, email: string = user.email): User {
  if (user.emailVerified && user.email === email) return user;
  return { ...user, email, emailVerified: true, version: user.version + 1 };
}

export function suspend(user: User): User {
  return user.suspended ? user : { ...user, suspended: true, version: user.version + 1 };
}

/** Of one side of trading. The same object when it is suspended already. */
export function suspendSide(user: User, side: TradingSide): User {
  const flag = side === 'buying' ? 'buyingSuspended' : 'sellingSuspended';
  return user[flag] ? user : { ...user, [flag]: true, version: user.version + 1 };
}

/** What somebody may not do, in words; nothing when they may do all. */
export function suspensionsOf(user: User): readonly string[] {
  return [...(user.suspended ? ['suspended'] : []), ...(user.buyingSuspended ? ['buying suspended'] : []), ...(user.sellingSuspended ? ['selling suspended'] : [])];
}

/** Lifts every kind of suspension, and begins a clean record. The same object when there is none. */
export function reinstate(user: User, at: Date): User {
  if (suspensionsOf(user).length === 0) return user;
  return { ...user, suspended: false, buyingSuspended: false, sellingSuspended: false, reinstatedAt: at, version: user.version + 1 };
}

export function isActiveAdmin(user: User): boolean {
  return user.roles.includes('admin') && !user.suspended;
}
