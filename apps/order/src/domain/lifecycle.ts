/** Where an order can be. The names are the public API's. */
export const statuses = [
  'pending', 'confirmed', 'seller_shipping', 'authenticating', 'auth_passed',
  'shipping_to_buyer', 'delivered', 'auth_failed', 'cancelled',
] as const;
export type Status = (typeof statuses)[number];

/** What can happen to an order: each of these at most once in its life, as rows of `order_events`. */
export const events = [
  'match_created', 'stock_reserved', 'reserve_refused', 'payment_captured', 'payment_failed',
  'seller_shipped', 'seller_cancelled', 'ship_by_passed', 'admin_cancelled',
  'warehouse_received', 'lost_inbound', 'inspection_passed', 'inspection_failed',
  'buyer_shipped', 'buyer_received', 'lost_outbound',
] as const;
export type OrderEvent = (typeof events)[number];

export type Actor = 'system' | 'buyer' | 'seller' | 'authenticator' | 'carrier' | 'timer' | 'admin';

/** What the order then asks of others: each is a row of `saga_steps`, once for each order. */
export const effects = [
  'reserve_stock', 'charge', 'inbound_label', 'outbound_label', 'return_label',
  'release_stock', 'cancel_payment', 'refund', 'refund_from_platform', 'payout', 'bust_match', 'record_strike',
] as const;
export type Effect = (typeof effects)[number];

export type CancelReason = 'payment_failed' | 'reserve_failed' | 'seller_cancelled' | 'did_not_ship' | 'lost_inbound' | 'lost_outbound' | 'admin';
export type TimerKind = 'ship_by' | 'inbound_lost' | 'inspection' | 'handover' | 'auto_delivered';

export interface Step {
  readonly to: Status;
  readonly by: readonly Actor[];
  readonly then: readonly Effect[];
  readonly because?: CancelReason;
  /** The deadline that begins to run here. */
  readonly starts?: TimerKind;
  /** The deadline after which it is too late for this. */
  readonly before?: TimerKind;
}

/** How an order begins. */
export const opening: Step = { to: 'pending', by: ['system'], then: ['reserve_stock'] };

/** The saga, whole. What is not in this table cannot happen. */
export const lifecycle: Record<Status, Partial<Record<OrderEvent, Step>>> = {
  pending: {
    stock_reserved: { to: 'pending', by: ['system'], then: ['charge'] },
    reserve_refused: { to: 'cancelled', by: ['system'], because: 'reserve_failed', then: ['release_stock', 'bust_match'] },
    payment_captured: { to: 'confirmed', by: ['system'], then: ['inbound_label'], starts: 'ship_by' },
    payment_failed: { to: 'cancelled', by: ['system'], because: 'payment_failed', then: ['release_stock', 'bust_match', 'record_strike'] },
    admin_cancelled: { to: 'cancelled', by: ['admin'], because: 'admin', then: ['release_stock', 'cancel_payment', 'bust_match'] },
  },
  confirmed: {
    seller_shipped: { to: 'seller_shipping', by: ['seller', 'carrier'], then: [], before: 'ship_by', starts: 'inbound_lost' },
    seller_cancelled: { to: 'cancelled', by: ['seller'], because: 'seller_cancelled', then: ['release_stock', 'refund', 'bust_match', 'record_strike'] },
    ship_by_passed: { to: 'cancelled', by: ['timer'], because: 'did_not_ship', then: ['release_stock', 'refund', 'bust_match', 'record_strike'] },
    admin_cancelled: { to: 'cancelled', by: ['admin'], because: 'admin', then: ['release_stock', 'refund', 'bust_match'] },
  },
  seller_shipping: {
    warehouse_received: { to: 'authenticating', by: ['authenticator'], then: [], starts: 'inspection' },
    lost_inbound: { to: 'cancelled', by: ['timer', 'admin'], because: 'lost_inbound', then: ['release_stock', 'refund', 'bust_match'] },
  },
  authenticating: {
    inspection_passed: { to: 'auth_passed', by: ['authenticator'], then: ['outbound_label'], starts: 'handover' },
    inspection_failed: { to: 'auth_failed', by: ['authenticator'], then: ['release_stock', 'refund', 'return_label', 'bust_match'] },
  },
  auth_passed: {
    buyer_shipped: { to: 'shipping_to_buyer', by: ['authenticator', 'carrier'], then: [], starts: 'auto_delivered' },
  },
  shipping_to_buyer: {
    buyer_received: { to: 'delivered', by: ['carrier', 'buyer', 'timer'], then: ['payout'] },
    // The risk left the seller when the pair passed: the seller is paid, and the platform gives the buyer the money back.
    lost_outbound: { to: 'cancelled', by: ['admin'], because: 'lost_outbound', then: ['release_stock', 'payout', 'refund_from_platform', 'bust_match'] },
  },
  delivered: {},
  auth_failed: {},
  cancelled: {
    // A charge that an admin's cancel came too late for.
    payment_captured: { to: 'cancelled', by: ['system'], then: ['refund'] },
  },
};

export function step(status: Status, event: OrderEvent): Step | undefined {
  return lifecycle[status][event];
}

/** Each legal pair of statuses, the staying in one among them: the database holds the same list as its second line. */
export function edges(): readonly (readonly [Status, Status])[] {
  const pairs = statuses.flatMap((from) => Object.values(lifecycle[from]).map(({ to }) => `${from} ${to}`));
  return [...new Set(pairs)].map((pair) => pair.split(' ') as [Status, Status]); // Two statuses joined just above.
}

/** A deadline runs `during` a status. What has passed stands for its event; one without an event is told to a person. */
export const timers: Record<TimerKind, { readonly during: Status; readonly event?: OrderEvent; /** What we owe first: nobody is late before it. */ readonly owed?: Effect }> = {
  ship_by: { during: 'confirmed', event: 'ship_by_passed', owed: 'inbound_label' },
  inbound_lost: { during: 'seller_shipping', event: 'lost_inbound' },
  inspection: { during: 'authenticating' },
  handover: { during: 'auth_passed' },
  auto_delivered: { during: 'shipping_to_buyer', event: 'buyer_received' },
};

export const timersDuring = (status: Status): readonly TimerKind[] => timerKinds.filter((kind) => timers[kind].during === status);
const timerKinds = Object.keys(timers) as TimerKind[]; // The keys of the record just above.

/** A step that must not be asked while that other one of its order is open: a quote whose pair is still reserved would match again in vain. */
export const follows: Partial<Record<Effect, Effect>> = { bust_match: 'release_stock' };

/** What it means that the parcel of a leg is lost, while the order waits for it. */
export const losses: Partial<Record<Status, { readonly leg: 'inbound' | 'outbound'; readonly event: OrderEvent }>> = {
  seller_shipping: { leg: 'inbound', event: 'lost_inbound' },
  shipping_to_buyer: { leg: 'outbound', event: 'lost_outbound' },
};

/** The edge by which an admin gives the buyer the money back where the order is now, if there is one. */
export function refundedBy(status: Status): OrderEvent | undefined {
  return events.find((event) => {
    const edge = lifecycle[status][event];
    return edge?.by.includes('admin') && edge.then.some((effect) => effect === 'refund' || effect === 'refund_from_platform');
  });
}

/** What a person may report through the API; everything else is told by the service that knows it. */
const reportable: readonly OrderEvent[] = ['seller_shipped', 'buyer_shipped', 'buyer_received', 'lost_inbound', 'lost_outbound'];

export function reportedEvent(name: string): OrderEvent | undefined {
  return reportable.find((event) => event === name);
}

export const isEnd = (status: Status): boolean => endStatuses.includes(status);
export const endStatuses: readonly Status[] = ['delivered', 'auth_failed', 'cancelled'];

/** Where an order stands while a label of that leg is of use. */
export const labelStatuses: Record<'inbound' | 'outbound' | 'return', Status> = { inbound: 'confirmed', outbound: 'auth_passed', return: 'auth_failed' };

/** Who is to blame for an order that came to nothing, and for what. */
export const strikes: Partial<Record<CancelReason, { readonly who: 'buyer' | 'seller'; readonly kind: string }>> = {
  payment_failed: { who: 'buyer', kind: 'unpaid_win' },
  seller_cancelled: { who: 'seller', kind: 'seller_cancelled' },
  did_not_ship: { who: 'seller', kind: 'did_not_ship' },
};
