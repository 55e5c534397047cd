import { reservationDiffers, reservationReleased } from './errors';

/** What one order holds: at most one ask. Once released it is a tombstone, for ever. */
export interface Reservation {
  readonly orderId: string;
  readonly marketId: string;
  readonly askId: string;
  readonly released: boolean;
}

/** Whether the order holds the ask already. Refuses what its own earlier reservation forbids. */
export function alreadyHeld(existing: Reservation | undefined, wanted: Omit<Reservation, 'released'>): boolean {
  if (!existing) return false;
  if (existing.released) throw reservationReleased(wanted.orderId);
  if (existing.askId !== wanted.askId || existing.marketId !== wanted.marketId) throw reservationDiffers(wanted.orderId);
  return true;
}
