import type { OrderEvent, Status } from './lifecycle';
import type { Leg } from './order';

export const scanKinds = ['accepted', 'in_transit', 'delivered', 'lost'] as const;
export type ScanKind = (typeof scanKinds)[number];
export type ParcelState = 'created' | ScanKind;

/** One sighting of a parcel by its carrier. Scans may come twice, late, and in any order. */
export interface Scan {
  readonly tracking: string;
  readonly kind: ScanKind;
  readonly at: Date;
  /** The order that the carrier's label was bought for, if the carrier says so. */
  readonly orderId?: string;
}

const rank: Record<ParcelState, number> = { created: 0, accepted: 1, in_transit: 2, lost: 3, delivered: 4 };

/** A parcel only ever goes on: an old scan that comes late changes nothing. A lost one may still turn up. */
export function furthest(known: ParcelState, scanned: ParcelState): ParcelState {
  return rank[scanned] > rank[known] ? scanned : known;
}

/**
 * What a scan says of an order: all that must have happened by then, so that one that was missed is made good by the next. What is lost was sent.
 * The inbound arrival is told by the inspection floor, not by the carrier.
 */
export function eventsOfScan(leg: Leg, kind: ScanKind, status: Status): readonly OrderEvent[] {
  if (leg === 'return') return [];
  if (leg === 'inbound') return status === 'confirmed' ? ['seller_shipped'] : [];
  const shipped: OrderEvent[] = status === 'auth_passed' ? ['buyer_shipped'] : [];
  const isUnderway = status === 'auth_passed' || status === 'shipping_to_buyer';
  return kind === 'delivered' && isUnderway ? [...shipped, 'buyer_received'] : shipped;
}
