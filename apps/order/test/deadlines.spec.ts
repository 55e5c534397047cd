import { AppError } from '@libs/kernel/app-error';
import { uuidOfOwn } from '@libs/kernel/ids';
import { Transactions } from '@libs/postgres/transaction';
import { PassDeadline } from '../src/application/pass-deadline';
import { RunSteps } from '../src/application/run-steps';
import { payment, Scene } from './scene';

describe('a deadline', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open();
  }, 60_000);
  afterAll(() => scene.close());

  const passes = async (time: { days?: number; hours?: number; seconds?: number }) => {
    scene.clock.passes(time);
    await scene.service.settled();
  };

  it('of a seller who does not ship passes after two business days and twelve hours: refund and a strike', async () => {
    const id = await scene.orderThatIs('confirmed');
    const { shipBy, createdAt } = await scene.order(id);
    expect(Number(shipBy?.seconds) - Number(createdAt?.seconds)).toBe(2 * 86_400);
    await passes({ days: 2, hours: 11 });
    expect((await scene.order(id)).status).toBe('confirmed');
    await passes({ hours: 1 });
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', cancelReason: 'did_not_ship', paymentStatus: 'refunded' });
    expect(scene.askedFor('recordStrike', { orderId: id })[0]?.request).toMatchObject({ userId: scene.seller.id, kind: 'did_not_ship' });
    expect(scene.countAsked('releaseStock', { orderId: id })).toBe(1);
  });

  it('does not count the weekend, nor a holiday', async () => {
    scene.clock.set(new Date('2026-12-24T12:00:00Z'));
    const id = await scene.orderThatIs('confirmed');
    const { shipBy } = await scene.order(id);
    expect(new Date(Number(shipBy?.seconds) * 1_000).toISOString()).toBe('2026-12-29T12:00:00.000Z');
    await passes({ days: 5, hours: 11 });
    expect((await scene.order(id)).status).toBe('confirmed');
    await passes({ hours: 1 });
    expect((await scene.order(id)).cancelReason).toBe('did_not_ship');
  });

  it('that has passed is too late for the seller, even before it fires', async () => {
    const id = await scene.orderThatIs('confirmed');
    // A step of unknown outcome holds the deadline back.
    await scene.service.sql.query(`update saga_steps set state = 'waiting', next_at = now() + interval '1 hour' where order_id = (select id from orders order by id desc limit 1) and kind = 'charge'`);
    await passes({ days: 10 });
    expect((await scene.order(id)).status).toBe('confirmed');
    await expect(scene.as(scene.seller).updateOrderStatus({ orderId: id, event: 'seller_shipped' })).rejects.toMatchObject({ code: 'order.too_late_to_ship' });
    await scene.service.sql.query(`update saga_steps set next_at = now() where state = 'waiting'`);
    await scene.service.settled();
    scene.clock.passes({ seconds: 1 });
    await scene.service.settled();
    expect((await scene.order(id)).cancelReason).toBe('did_not_ship');
  });

  it('for shipping begins anew when the platform gave no label until it had passed: no strike', async () => {
    scene.carrier.isDown = true;
    const { id } = await scene.opened();
    await passes({ days: 10 });
    expect((await scene.order(id)).status).toBe('confirmed');
    scene.carrier.isDown = false;
    await scene.service.sql.query(`update saga_steps set next_at = now() where kind = 'inbound_label' and state = 'ready'`);
    await scene.eventually(async () => (await scene.order(id)).inboundTracking !== '');
    await scene.service.settled();
    const labelled = await scene.order(id);
    expect(labelled.status).toBe('confirmed');
    expect(Number(labelled.shipBy?.seconds) * 1_000).toBeGreaterThanOrEqual(scene.clock.now().getTime() + 2 * 86_400_000);
    expect((await scene.told(id)).find(({ name }) => name === 'order.label_ready')?.event).toMatchObject({ shipBy: { seconds: labelled.shipBy?.seconds } });
    await passes({ days: 2 });
    await scene.report(id, 'seller_shipped', scene.seller);
    expect((await scene.order(id)).status).toBe('seller_shipping');
    expect(scene.countAsked('recordStrike', { orderId: id })).toBe(0);
  });

  it('for shipping keeps no seller from shipping another way while the platform owes the label', async () => {
    scene.carrier.isDown = true;
    const { id } = await scene.opened();
    await passes({ days: 10 });
    await scene.report(id, 'seller_shipped', scene.seller, { tracking: `OWN-${id}` });
    scene.carrier.isDown = false;
    expect((await scene.order(id)).status).toBe('seller_shipping');
  });

  it('for shipping means nothing once the pair is shipped', async () => {
    const id = await scene.orderThatIs('seller_shipping');
    await passes({ days: 7 });
    expect((await scene.order(id)).status).toBe('seller_shipping');
  });

  it('of a parcel that never arrives passes after fourteen days: the buyer gets the money back, nobody is struck', async () => {
    const id = await scene.orderThatIs('seller_shipping');
    await passes({ days: 13, hours: 23 });
    expect((await scene.order(id)).status).toBe('seller_shipping');
    await passes({ hours: 1 });
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', cancelReason: 'lost_inbound', paymentStatus: 'refunded' });
    expect(scene.countAsked('recordStrike', { orderId: id })).toBe(0);
  });

  it('of a delivery that nobody confirms passes after fourteen days: the seller is paid', async () => {
    const id = await scene.orderThatIs('shipping_to_buyer');
    await passes({ days: 14 });
    expect((await scene.order(id)).status).toBe('delivered');
    expect(scene.countAsked('createPayout', { orderId: id })).toBe(1);
    const { events } = await scene.as(scene.buyer).getOrderEvents({ orderId: id });
    expect(events.at(-1)).toMatchObject({ event: 'buyer_received', actor: 'timer' });
  });

  it('fires before a later one, though both have passed when they are looked at', async () => {
    const first = await scene.orderThatIs('confirmed');
    scene.clock.passes({ hours: 1 });
    const second = await scene.orderThatIs('confirmed');
    await passes({ days: 10 });
    const rows = await scene.service.sql.query<{ order_id: string }>(`select order_id from order_events where event = 'ship_by_passed' order by xmin::text::bigint desc limit 2`);
    expect(rows).toHaveLength(2);
    const told = (await scene.service.published()).filter(({ name }) => name === 'order.cancelled').map(({ key }) => key);
    expect(told.slice(-2)).toEqual([first, second]);
  });

  it('of an order that cannot go on keeps no other from passing', async () => {
    const broken = await scene.orderThatIs('confirmed');
    scene.clock.passes({ hours: 1 });
    const sound = await scene.orderThatIs('confirmed');
    // The books of the first are damaged: its next event cannot be written.
    await scene.service.sql.query(`update orders set version = version + 5 where id = $1`, [uuidOfOwn('ord', broken)]);
    await scene.service.sql.query(`insert into order_events select order_id, 9, 'lost_outbound', from_status, to_status, actor, actor_id, reason, at, trace_id, null, '', 'x' from order_events where order_id = $1 and version = 3`, [uuidOfOwn('ord', broken)]);
    scene.clock.passes({ days: 10 });
    await scene.eventually(async () => (await scene.order(sound)).status === 'cancelled');
    expect((await scene.order(broken)).status).toBe('confirmed');
    await scene.service.sql.query('delete from timers where order_id = $1', [uuidOfOwn('ord', broken)]);
  });

  it('that was found to have passed does not fire when a step of its order has become unknown since', async () => {
    const id = await scene.orderThatIs('confirmed');
    const uuid = uuidOfOwn('ord', id);
    const [timer] = await scene.service.sql.query<{ due_at: Date }>(`select due_at from timers where order_id = $1 and kind = 'ship_by'`, [uuid]);
    const dueAt = timer?.due_at ?? new Date(0);
    await scene.service.sql.query(`update saga_steps set state = 'waiting', next_at = now() + interval '1 hour' where order_id = $1 and kind = 'charge'`, [uuid]);
    // As one who read the deadline before the step was there.
    await scene.service.app.get(Transactions).run((tx) => scene.service.app.get(PassDeadline).execute(tx, { orderId: id, kind: 'ship_by', dueAt }, new Date(dueAt.getTime() + 1)));
    expect((await scene.order(id)).status).toBe('confirmed');
    expect(await scene.service.sql.query(`select 1 as one from timers where order_id = $1 and kind = 'ship_by' and fired_at is null`, [uuid])).toHaveLength(1);
    await scene.service.sql.query(`update saga_steps set state = 'done' where order_id = $1 and kind = 'charge'`, [uuid]);
  });

  it('survives a restart, and fires once', async () => {
    const id = await scene.orderThatIs('confirmed');
    await scene.service.restart();
    await passes({ days: 10 });
    expect((await scene.order(id)).cancelReason).toBe('did_not_ship');
    expect(scene.countAsked('refundPayment', { orderId: id })).toBe(1);
  });
});

describe('a step that keeps failing', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open();
  }, 60_000);
  afterAll(() => scene.close());

  it('is a task for a person after an hour, with what to do, and is tried at once when resumed', async () => {
    const id = await scene.orderThatIs('confirmed');
    let isDown = true;
    scene.when('refundPayment', async () => {
      if (isDown) throw new AppError('unavailable', 'rpc.unavailable', 'Down.');
      return { payment: { state: 'refunded' } };
    });
    await scene.as(scene.seller).cancelOrder({ orderId: id });
    await scene.eventually(() => scene.countAsked('refundPayment', { orderId: id }) > 1);
    // Technical time is the machine's own: the step is made to look an hour old.
    await scene.service.sql.query(`update saga_steps set failing_since = now() - interval '61 minutes', next_at = now() where kind = 'refund'`);
    await scene.eventually(async () => (await scene.as(scene.admin).getManualTasks({})).tasks.length > 0);

    const { tasks } = await scene.as(scene.admin).getManualTasks({});
    expect(tasks).toMatchObject([{ kind: 'stuck_saga', orderId: id }]);
    expect(tasks[0]?.detail).toContain('refund');
    expect(tasks[0]?.advice).not.toBe('');
    // The rest of the cancellation did not wait for it.
    await scene.eventually(() => ['releaseStock', 'recordStrike'].every((rpc) => scene.countAsked(rpc, { orderId: id }) > 0));
    expect(scene.countAsked('releaseStock', { orderId: id })).toBe(1);
    expect(scene.countAsked('recordStrike', { orderId: id })).toBe(1);

    isDown = false;
    await expect(scene.as(scene.admin).resumeManualTask({ taskId: tasks[0]?.id ?? '', reason: '' })).rejects.toMatchObject({ code: 'order.reason_missing' });
    const { task } = await scene.as(scene.admin).resumeManualTask({ taskId: tasks[0]?.id ?? '', reason: 'Payment is back.' });
    expect(task?.closedAt).toBeDefined();
    await scene.eventually(async () => (await scene.order(id)).paymentStatus === 'refunded');
    expect((await scene.as(scene.admin).getManualTasks({})).tasks).toEqual([]);
    expect((await scene.as(scene.admin).getManualTasks({ includeClosed: true })).tasks).toHaveLength(1);
  });

  it('that a killed process had begun is taken up by the next as soon as it has started', async () => {
    let answer: (value: object) => void = () => undefined;
    scene.when('processPayment', () => new Promise((resolve) => (answer = resolve)));
    const match = scene.match();
    await scene.service.deliver('match.created', match.marketId, match);
    const [before] = [scene.countAsked('processPayment', { buyerId: scene.buyer.id })];
    await scene.eventually(() => scene.countAsked('processPayment', { buyerId: scene.buyer.id }) > before - 1 && scene.asked.at(-1)?.rpc === 'processPayment');
    // What a kill leaves behind: a lease of somebody who has no connection any more.
    const taken = `kind = 'charge' and state = 'running'`;
    expect(await scene.service.sql.query(`update saga_steps set lease_holder = 'pairwise-order-of-the-dead' where ${taken} and lease_until > now() returning 1 as one`)).toHaveLength(1);
    await scene.service.app.get(RunSteps).takeOver();
    scene.when('processPayment');
    const { id } = await scene.opened({ ...match, marketSeq: 2n });
    answer({ payment: { state: 'captured' } });
    expect((await scene.order(id)).status).toBe('confirmed');
    expect((await scene.told(id)).filter(({ name }) => name === 'order.created')).toHaveLength(1);
  });

  it('that a living process has begun is left to it, whoever starts meanwhile', async () => {
    let answer: (value: object) => void = () => undefined;
    scene.when('processPayment', () => new Promise((resolve) => (answer = resolve)));
    const match = scene.match();
    await scene.service.deliver('match.created', match.marketId, match);
    const lease = () => scene.service.sql.query<{ lease_until: Date; lease_holder: string }>(`select lease_until, lease_holder from saga_steps where kind = 'charge' and state = 'running'`);
    await scene.eventually(async () => (await lease()).length === 1);
    const held = await lease();
    await scene.service.app.get(RunSteps).takeOver();
    expect(await lease()).toEqual(held);
    scene.when('processPayment');
    answer(payment.captured());
    await scene.service.settled();
    expect(await scene.openSteps((await scene.opened({ ...match, marketSeq: 2n })).id)).toEqual([]);
  });
});

describe('a deadline on an exchange with holidays of its own', () => {
  it('does not count these', async () => {
    const scene = await Scene.open({ HOLIDAYS: '03-03,2026-03-05' });
    try {
      const { shipBy } = await scene.order(await scene.orderThatIs('confirmed'));
      expect(new Date(Number(shipBy?.seconds) * 1_000).toISOString()).toBe('2026-03-06T12:00:00.000Z');
    } finally {
      await scene.close();
    }
  });
});
