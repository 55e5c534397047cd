import { armFailpoint, type Failpoint } from '@libs/kernel/failpoint';
import { Scene } from './scene';

/** A throw rolls back what is open and keeps what is committed, as a kill does. */
describe('an order whose process breaks once', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open();
  }, 60_000);
  afterAll(() => scene.close());

  const breaksOnce = (name: Failpoint) => {
    let hits = 0;
    armFailpoint(name, () => {
      hits += 1;
      if (hits === 1) throw new Error(`broken at ${name}`);
    });
    return () => hits;
  };

  it.each(['order.afterInbox', 'order.afterState', 'order.afterOutbox', 'order.afterCommit'] as const)('at %s charges once, announces once, and arrives', async (name) => {
    const hits = breaksOnce(name);
    const { id } = await scene.opened();
    await scene.eventually(async () => (await scene.order(id)).status === 'confirmed');
    await scene.service.settled();
    expect(hits()).toBeGreaterThan(0);
    expect((await scene.told(id)).map(({ name: event, kseq }) => [event, kseq])).toEqual([['order.created', 1], ['order.label_ready', 2]]);
    const { events } = await scene.as(scene.buyer).getOrderEvents({ orderId: id });
    expect(events.map(({ event }) => event)).toEqual(['match_created', 'stock_reserved', 'payment_captured']);
    expect([...scene.carrier.labels.keys()].filter((key) => key.startsWith(id))).toHaveLength(1);
  });

  it('at order.timerFired lets the deadline fire once', async () => {
    const id = await scene.orderThatIs('confirmed');
    const hits = breaksOnce('order.timerFired');
    scene.clock.passes({ days: 4 });
    await scene.eventually(async () => (await scene.order(id)).status === 'cancelled');
    await scene.service.settled();
    expect(hits()).toBeGreaterThan(1);
    expect(scene.countAsked('refundPayment', { orderId: id })).toBe(1);
    expect((await scene.told(id)).filter(({ name }) => name === 'order.cancelled')).toHaveLength(1);
  });
});

/** Each order's whole story, checked on what lies in the database. */
describe('what is written down', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open();
  }, 60_000);
  afterAll(() => scene.close());

  it('numbers the events without a gap, chains them, and folds to the status', async () => {
    await scene.orderThatIs('delivered');
    const failed = await scene.orderThatIs('authenticating');
    await scene.inspected(failed, 'fail', ['used']);
    const offenders = await scene.service.sql.query(
      `select o.id from orders o join lateral (
         select count(*) as n, max(e.version) as last, (array_agg(e.to_status order by e.version desc))[1] as status,
           bool_and(e.previous_hash = coalesce((select p.hash from order_events p where p.order_id = e.order_id and p.version = e.version - 1), '')) as chained
         from order_events e where e.order_id = o.id) e on true
       where e.n <> o.version or e.last <> o.version or e.status <> o.status or not e.chained`,
    );
    expect(offenders).toEqual([]);
    expect(await scene.service.sql.query(`select id from saga_steps where state not in ('done', 'void') and kind <> 'payout'`)).toEqual([]);
  });

  it('shows its operators where orders are and how long they took', async () => {
    const text = await (await fetch(`${scene.service.internalUrl}/metrics`)).text();
    expect(text).toMatch(/order_processing_duration_seconds_count\{[^}]*from="pending"[^}]*to="confirmed"[^}]*\} [1-9]/);
    await scene.eventually(async () => /sagas_stuck\{[^}]*\} 0/.test(await (await fetch(`${scene.service.internalUrl}/metrics`)).text()));
    expect(text).toContain('orders_in_state');
  });
});
