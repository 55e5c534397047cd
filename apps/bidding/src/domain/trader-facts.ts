import type { AppError } from '@libs/kernel/app-error';
import { addressRequired, emailNotVerified, payoutAccountRequired, paymentMethodRequired, sellingSuspended, userSuspended } from './errors';
import type { QuoteFacts } from './quote';
import type { Side } from './side';

/** What the user service says is suspended: trading, or one side of it. */
export type SuspensionScope = 'all' | 'buying' | 'selling';

/** What bidding knows of a user, told by the services that own it. One object for each user: a change reaches what is queued. */
export interface TraderFacts {
  readonly userId: string;
  /** Has followed the link in a mail: whom nobody can write to can neither be charged nor paid. */
  emailVerified: boolean;
  suspended: boolean;
  /** After unpaid wins: may sell, not buy. */
  buyingSuspended: boolean;
  /** After sales that were not shipped: may buy, not sell. */
  sellingSuspended: boolean;
  /** Verified cards, the default first. */
  paymentMethodIds: readonly string[];
  /** The default first. */
  addresses: readonly { readonly addressId: string; readonly versionId: string }[];
  payoutEnabled: boolean;
}

export interface Pins {
  readonly paymentMethodId: string | null;
  readonly addressVersionId: string;
}

export const noFacts = (userId: string): TraderFacts => ({
  userId, emailVerified: false, suspended: false, buyingSuspended: false, sellingSuspended: false, paymentMethodIds: [], addresses: [], payoutEnabled: false,
});

/** A scope that is not known here is taken for the widest. */
export function scopeOf(scope: string): SuspensionScope {
  return scope === 'buying' || scope === 'selling' ? scope : 'all';
}

/** Whose quotes a suspension ends. */
export const suspendedSides: Readonly<Record<SuspensionScope, readonly Side[]>> = { all: ['bid', 'ask'], buying: ['bid'], selling: ['ask'] };

export function isBarred(facts: TraderFacts, side: Side): boolean {
  return facts.suspended || (side === 'bid' ? facts.buyingSuspended : facts.sellingSuspended);
}

/** What a new quote is pinned to: what it names if that is the user's, else the defaults of this moment. An empty name is none. */
export function pinsFor(facts: TraderFacts, side: Side, paymentMethodId: string, addressVersionId: string): Pins | AppError {
  if (isBarred(facts, side)) return facts.suspended || side === 'bid' ? userSuspended() : sellingSuspended();
  if (!facts.emailVerified) return emailNotVerified();
  if (side === 'ask' && !facts.payoutEnabled) return payoutAccountRequired();
  let method: string | undefined;
  if (side === 'bid') {
    method = paymentMethodId === '' ? facts.paymentMethodIds[0] : facts.paymentMethodIds.find((id) => id === paymentMethodId);
    if (method === undefined) return paymentMethodRequired();
  }
  const address = addressVersionId === '' ? facts.addresses[0] : facts.addresses.find(({ versionId }) => versionId === addressVersionId);
  if (!address) return addressRequired();
  return { paymentMethodId: method ?? null, addressVersionId: address.versionId };
}

/** What a quote is pinned to from now on: the same while that is still the user's, else the defaults; or why it cannot stay. */
export function repin(
  facts: TraderFacts,
  quote: QuoteFacts,
  replacedBy?: string,
): Pins | 'payment_method_removed' | 'address_removed' | 'payout_account_disabled' {
  if (quote.side === 'ask' && !facts.payoutEnabled) return 'payout_account_disabled';
  let method: string | null = null;
  if (quote.side === 'bid') {
    method = facts.paymentMethodIds.find((id) => id === quote.paymentMethodId) ?? facts.paymentMethodIds[0] ?? null;
    if (method === null) return 'payment_method_removed';
  }
  const versionOf = (id: string | undefined) => facts.addresses.find(({ versionId }) => versionId === id)?.versionId;
  const address = versionOf(quote.addressVersionId) ?? versionOf(replacedBy) ?? facts.addresses[0]?.versionId;
  if (address === undefined) return 'address_removed';
  return { paymentMethodId: method, addressVersionId: address };
}
