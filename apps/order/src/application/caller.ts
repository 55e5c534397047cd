import type { Order, Viewer } from '../domain/order';

/** A signed-in user. */
export interface Caller {
  readonly id: string;
  readonly roles: readonly string[];
}

type OrderRole = 'buyer' | 'seller' | 'authenticator' | 'admin';

/** What a user is to an order. Nobody is authenticator or admin of a trade of their own. */
export function rolesIn(order: Order, caller: Caller): readonly OrderRole[] {
  if (caller.id === order.buyerId) return ['buyer'];
  if (caller.id === order.sellerId) return ['seller'];
  return (['authenticator', 'admin'] as const).filter((role) => caller.roles.includes(role));
}

/** Whose view of the order a user gets, if any. */
export function viewerOf(order: Order, caller: Caller): Viewer | undefined {
  return rolesIn(order, caller).find((role) => role !== 'authenticator');
}
