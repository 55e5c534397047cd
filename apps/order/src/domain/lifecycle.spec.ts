import { type Actor, edges, type Effect, endStatuses, lifecycle, opening, type OrderEvent, refundedBy, reportedEvent, type Status, statuses, step, strikes, timers, timersDuring } from './lifecycle';

interface Path {
  readonly story: string;
  readonly events: readonly OrderEvent[];
  readonly effects: readonly Effect[];
  readonly end: Status;
}

/** Every way through the table, given that each event happens at most once. */
function paths(status: Status = 'pending', events: readonly OrderEvent[] = [], effects: readonly Effect[] = opening.then): Path[] {
  const onward = (Object.keys(lifecycle[status]) as OrderEvent[]).filter((event) => !events.includes(event)); // The keys of the table are its events.
  // The charge begins when the stock is reserved, so nothing is captured before.
  const possible = onward.filter((event) => isPossible(event, events, effects));
  const further = possible.flatMap((event) => {
    const next = step(status, event);
    return next ? paths(next.to, [...events, event], [...effects, ...next.then]) : [];
  });
  const here = endStatuses.includes(status) ? [{ story: `${events.join(', ')} -> ${status}`, events, effects, end: status }] : [];
  return [...here, ...further];
}

function isPossible(event: OrderEvent, before: readonly OrderEvent[], effects: readonly Effect[]): boolean {
  if (event === 'payment_captured' || event === 'payment_failed') return effects.includes('charge') && !before.includes('payment_failed');
  if (event === 'reserve_refused') return !before.includes('stock_reserved');
  return true;
}

const all = paths();
const count = (effects: readonly Effect[], ...wanted: Effect[]) => effects.filter((effect) => wanted.includes(effect)).length;

describe('the order lifecycle', () => {
  it('reaches every status', () => {
    const reached = new Set(['pending', ...Object.values(lifecycle).flatMap((steps) => Object.values(steps).map(({ to }) => to))]);
    expect(statuses.filter((status) => !reached.has(status))).toEqual([]);
  });

  it('leaves no order without a way to an end, and lets none leave its end', () => {
    expect(new Set(all.map(({ end }) => end))).toEqual(new Set(endStatuses));
    for (const end of endStatuses) expect(Object.values(lifecycle[end]).filter(({ to }) => to !== end)).toEqual([]);
  });

  it.each(all)('settles held money exactly once: $story', ({ events, effects }) => {
    expect(count(effects, 'refund', 'payout')).toBe(events.includes('payment_captured') ? 1 : 0);
  });

  it.each(all)('charges at most once, and gives back no more than was paid: $story', ({ effects }) => {
    expect(count(effects, 'charge')).toBeLessThanOrEqual(1);
    expect(count(effects, 'refund', 'refund_from_platform')).toBeLessThanOrEqual(1);
  });

  it.each(all)('ends an unpaid charge whenever the order ends before its outcome is known: $story', ({ events, effects, end }) => {
    const isKnown = events.includes('payment_captured') || events.includes('payment_failed') || !effects.includes('charge');
    if (end === 'cancelled' && !isKnown) expect(effects).toContain('cancel_payment');
  });

  it.each(all)('releases the stock exactly once when the sale came to nothing: $story', ({ effects, end }) => {
    expect(count(effects, 'release_stock')).toBe(end === 'delivered' ? 0 : 1);
  });

  it.each(all)('busts the match exactly once when the sale came to nothing: $story', ({ effects, end }) => {
    expect(count(effects, 'bust_match')).toBe(end === 'delivered' ? 0 : 1);
  });

  it.each(all)('asks each thing at most once, so that a step is one row: $story', ({ effects }) => {
    expect(new Set(effects).size).toBe(effects.length);
  });

  it.each(all)('tells why whenever it cancels: $story', ({ events, end }) => {
    const reasons = events.map((event, i) => stepAlong(events.slice(0, i), event)?.because).filter(Boolean);
    expect(reasons).toHaveLength(end === 'cancelled' ? 1 : 0);
  });

  it('pays the seller and gives the buyer the money back when a passed pair is lost on its way', () => {
    const lost = all.find(({ events }) => events.includes('lost_outbound'));
    expect(count(lost?.effects ?? [], 'payout', 'refund_from_platform')).toBe(2);
  });

  it('sends the pair back when it fails, and out when it passes', () => {
    expect(step('authenticating', 'inspection_failed')?.then).toContain('return_label');
    expect(step('authenticating', 'inspection_passed')?.then).toEqual(['outbound_label']);
  });

  it('strikes the one who is to blame, and nobody else', () => {
    const struck = Object.values(lifecycle).flatMap((steps) => Object.values(steps)).filter(({ then }) => then.includes('record_strike'));
    expect(struck.map(({ because }) => because).sort()).toEqual(Object.keys(strikes).sort());
  });

  it('lets no paid order stand anywhere without a deadline, and each begins where its deadline runs', () => {
    const paid = statuses.filter((status) => status !== 'pending' && !endStatuses.includes(status));
    expect(Object.values(timers).map(({ during }) => during).sort()).toEqual([...paid].sort());
    for (const next of Object.values(lifecycle).flatMap((steps) => Object.values(steps))) {
      const begun = timersDuring(next.to);
      expect([next.to, next.starts ? [next.starts] : []]).toEqual([next.to, begun]);
    }
  });

  it('lets a timer do only what its deadline stands for', () => {
    const byTimer = Object.values(lifecycle).flatMap((steps) => Object.entries(steps)).filter(([, { by }]) => by.includes('timer')).map(([event]) => event);
    const stoodFor = Object.values(timers).flatMap(({ event }) => event ?? []);
    expect(byTimer.sort()).toEqual(stoodFor.sort());
    for (const { during, event } of Object.values(timers)) if (event) expect(step(during, event)?.by).toContain('timer');
  });
});

describe('who may do what', () => {
  const rows: [Status, OrderEvent, Actor[]][] = [
    ['pending', 'payment_captured', ['system']],
    ['pending', 'payment_failed', ['system']],
    ['pending', 'reserve_refused', ['system']],
    ['confirmed', 'seller_shipped', ['seller', 'carrier']],
    ['confirmed', 'seller_cancelled', ['seller']],
    ['confirmed', 'ship_by_passed', ['timer']],
    ['seller_shipping', 'warehouse_received', ['authenticator']],
    ['seller_shipping', 'lost_inbound', ['timer', 'admin']],
    ['authenticating', 'inspection_passed', ['authenticator']],
    ['authenticating', 'inspection_failed', ['authenticator']],
    ['auth_passed', 'buyer_shipped', ['authenticator', 'carrier']],
    ['shipping_to_buyer', 'buyer_received', ['carrier', 'buyer', 'timer']],
    ['shipping_to_buyer', 'lost_outbound', ['admin']],
    ['pending', 'admin_cancelled', ['admin']],
    ['confirmed', 'admin_cancelled', ['admin']],
  ];

  it.each(rows)('from %s, %s is for %s', (status, event, by) => expect(step(status, event)?.by).toEqual(by));

  it('gives a buyer no way to cancel', () => {
    const buyers = Object.values(lifecycle).flatMap((steps) => Object.values(steps)).filter(({ by }) => by.includes('buyer'));
    expect(buyers.filter(({ to }) => to === 'cancelled')).toEqual([]);
  });

  it('lets an admin cancel only before the pair is on its way', () => {
    expect(statuses.filter((status) => step(status, 'admin_cancelled'))).toEqual(['pending', 'confirmed']);
  });

  it('takes no verdict and no payment from a person', () => {
    expect(['inspection_passed', 'inspection_failed', 'payment_captured', 'warehouse_received', 'delivered', '__proto__'].filter(reportedEvent)).toEqual([]);
  });

  it('lists every legal edge once', () => {
    const listed = edges().map(([from, to]) => `${from} ${to}`);
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed).toContain('shipping_to_buyer delivered');
    expect(listed).not.toContain('authenticating delivered');
  });
});

function stepAlong(before: readonly OrderEvent[], event: OrderEvent) {
  const status = before.reduce<Status>((at, happened) => step(at, happened)?.to ?? at, 'pending');
  return step(status, event);
}

describe('a refund by an admin', () => {
  it('goes by the one edge that the table has for it in each status, and by none where nothing is held or the pair is judged', () => {
    const found = Object.fromEntries(statuses.flatMap((status) => (refundedBy(status) ? [[status, refundedBy(status)]] : [])));
    expect(found).toEqual({ confirmed: 'admin_cancelled', seller_shipping: 'lost_inbound', shipping_to_buyer: 'lost_outbound' });
  });
});
