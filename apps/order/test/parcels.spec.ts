import type { Duration } from '@libs/testing/test-clock';
import { Scene } from './scene';

describe('a parcel', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open();
  }, 60_000);
  afterAll(() => scene.close());

  const scanned = async (tracking: string, kind: string) => {
    await scene.carrierTells(tracking, kind);
    await scene.service.settled();
  };
  const passes = async (time: Duration) => {
    scene.clock.passes(time);
    await scene.service.settled();
  };
  const tasksOf = async (id: string) => (await scene.as(scene.admin).getManualTasks({ limit: 100 })).tasks.filter(({ orderId }) => orderId === id);
  const taskOf = async (id: string) => (await tasksOf(id))[0] ?? { id: '', kind: '', advice: '' };
  const resume = async (id: string, reason: string) => {
    await scene.as(scene.admin).resumeManualTask({ taskId: (await taskOf(id)).id, reason });
    await scene.service.settled();
  };

  it('known to be lost is never taken for delivered: nobody is paid until a person has declared it lost', async () => {
    const id = await scene.orderThatIs('shipping_to_buyer');
    await scanned((await scene.order(id)).outboundTracking, 'lost');
    await passes({ days: 15 });
    expect((await scene.order(id)).status).toBe('shipping_to_buyer');
    expect(scene.countAsked('createPayout', { orderId: id })).toBe(0);
    await resume(id, 'Claim 4711.');
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', cancelReason: 'lost_outbound', paymentStatus: 'refunded' });
    expect(scene.askedFor('refundPayment', { orderId: id }).map(({ request }) => request.borneByPlatform)).toEqual([true]);
    expect(await tasksOf(id)).toEqual([]);
  });

  it('that was thought lost and turns up is delivered, and nobody has to look for it any more', async () => {
    const id = await scene.orderThatIs('shipping_to_buyer');
    const { outboundTracking } = await scene.order(id);
    await scanned(outboundTracking, 'lost');
    await scanned(outboundTracking, 'delivered');
    expect((await scene.order(id)).status).toBe('delivered');
    expect(await tasksOf(id)).toEqual([]);
  });

  it('to the buyer whose loss is the first that is heard of it was sent, and can be declared lost', async () => {
    const id = await scene.orderThatIs('auth_passed');
    await scanned((await scene.order(id)).outboundTracking, 'lost');
    expect((await scene.order(id)).status).toBe('shipping_to_buyer');
    await resume(id, 'Claim 4712.');
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', cancelReason: 'lost_outbound' });
    expect(scene.countAsked('createPayout', { orderId: id })).toBe(1);
  });

  it('from the seller whose loss is the first that is heard of it was sent in time: no strike', async () => {
    const id = await scene.orderThatIs('confirmed');
    await scanned((await scene.as(scene.seller).getLabel({ orderId: id })).tracking, 'lost');
    expect((await scene.order(id)).status).toBe('seller_shipping');
    await passes({ days: 10 });
    expect((await scene.order(id)).status).toBe('seller_shipping');
    await resume(id, 'Claim 4713.');
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', cancelReason: 'lost_inbound', paymentStatus: 'refunded' });
    expect(scene.countAsked('recordStrike', { orderId: id })).toBe(0);
  });

  it('cannot be declared lost by a task when its order cannot take that: the task stays open', async () => {
    const id = await scene.orderThatIs('shipping_to_buyer');
    await scanned((await scene.order(id)).outboundTracking, 'lost');
    // What an older version, or a repair by hand, may have left behind.
    await scene.service.sql.query(`update manual_tasks set subject = 'inbound' where closed_at is null`);
    const task = await taskOf(id);
    await expect(scene.as(scene.admin).resumeManualTask({ taskId: task.id, reason: 'Lost.' })).rejects.toMatchObject({ code: 'order.illegal_transition' });
    expect((await tasksOf(id)).map((open) => open.id)).toEqual([task.id]);
  });

  it('that the carrier has delivered to us is looked for at the floor, and is not declared lost', async () => {
    const id = await scene.orderThatIs('seller_shipping');
    await scanned((await scene.order(id)).inboundTracking, 'delivered');
    await passes({ days: 14 });
    expect((await scene.order(id)).status).toBe('seller_shipping');
    expect(await tasksOf(id)).toMatchObject([{ kind: 'overdue' }]);
    expect((await taskOf(id)).advice).toContain('Find it at the floor');
    await scene.atTheFloor(id);
    expect((await scene.order(id)).status).toBe('authenticating');
    expect(await tasksOf(id)).toEqual([]);
    expect(scene.countAsked('refundPayment', { orderId: id })).toBe(0);
  });

  it('that never arrived is claimed from the carrier by a person', async () => {
    const id = await scene.orderThatIs('seller_shipping');
    await passes({ days: 14 });
    expect((await scene.order(id)).cancelReason).toBe('lost_inbound');
    expect(await tasksOf(id)).toMatchObject([{ kind: 'parcel_lost' }]);
    await resume(id, 'The carrier has paid.');
    expect(await tasksOf(id)).toEqual([]);
    expect(scene.countAsked('refundPayment', { orderId: id })).toBe(1);
  });

  it('that is not handed over after the pass, and a pair that nobody judges, are a person\'s task; each again when that did not help', async () => {
    const unjudged = await scene.orderThatIs('authenticating');
    const unsent = await scene.orderThatIs('auth_passed');
    await passes({ days: 5 });
    for (const id of [unjudged, unsent]) expect(await tasksOf(id)).toMatchObject([{ kind: 'overdue' }]);
    await resume(unjudged, 'Mona looks at it today.');
    expect(await tasksOf(unjudged)).toEqual([]);
    await passes({ days: 5 });
    expect(await tasksOf(unjudged)).toMatchObject([{ kind: 'overdue' }]);
    await scene.inspected(unjudged, 'pass');
    expect(await tasksOf(unjudged)).toEqual([]);
    await scene.report(unsent, 'buyer_shipped', scene.authenticator);
    expect(await tasksOf(unsent)).toEqual([]);
  });
});
