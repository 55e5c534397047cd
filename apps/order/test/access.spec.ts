import { OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { payment, Scene, user } from './scene';

describe('who sees and does what with an order', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open();
  }, 60_000);
  afterAll(() => scene.close());
  afterEach(() => scene.when('processPayment'));

  const lines = async (id: string, by: Scene['buyer']) => (await scene.as(by).getOrder({ orderId: id })).order?.lines.map(({ kind, amount }) => [kind, Number(amount?.minor)]);

  it('shows the buyer what the buyer pays, and the seller what the seller gets', async () => {
    const id = await scene.orderThatIs('confirmed');
    expect(await lines(id, scene.buyer)).toContainEqual(['total', 48_745]);
    expect(await lines(id, scene.seller)).toContainEqual(['payout', 39_600]);
    expect((await lines(id, scene.buyer))?.map(([kind]) => kind)).not.toContain('payout');
    expect((await lines(id, scene.seller))?.map(([kind]) => kind)).not.toContain('shipping');
  });

  it('tells the sides what staff have done and not in which words, and why a pair has failed by its codes', async () => {
    const [refunded, failed, passed] = [await scene.orderThatIs('confirmed'), await scene.orderThatIs('authenticating'), await scene.orderThatIs('auth_passed')];
    await scene.as(scene.admin).refundOrder({ orderId: refunded, reason: 'Customer was double charged', idempotencyKey: refunded });
    await scene.inspected(failed, 'fail', ['counterfeit', 'odour']);
    await scene.as(scene.authenticator).updateOrderStatus({ orderId: passed, event: 'buyer_shipped', reason: 'The buyer has called twice' });
    await scene.service.settled();
    const said = async (id: string, by: Scene['buyer']) => (await scene.as(by).getOrderEvents({ orderId: id })).events.map(({ event, reason }) => [event, reason]);
    for (const side of [scene.buyer, scene.seller]) {
      expect((await said(refunded, side)).at(-1)).toEqual(['admin_cancelled', '']);
      expect(await said(failed, side)).toContainEqual(['inspection_failed', 'counterfeit, odour']);
      expect((await said(passed, side)).at(-1)).toEqual(['buyer_shipped', '']);
    }
    expect([(await said(refunded, scene.admin)).at(-1), (await said(passed, scene.admin)).at(-1)]).toEqual([['admin_cancelled', 'Customer was double charged'], ['buyer_shipped', 'The buyer has called twice']]);
  });

  it('tells nobody but staff in which words the seller has cancelled: the buyer could be given a phone number in them', async () => {
    const id = await scene.orderThatIs('confirmed');
    await scene.as(scene.seller).cancelOrder({ orderId: id, reason: 'Call me, I have another pair', idempotencyKey: id });
    await scene.service.settled();
    const last = async (by: Scene['buyer']) => (await scene.as(by).getOrderEvents({ orderId: id })).events.find(({ event }) => event === 'seller_cancelled')?.reason;
    expect([await last(scene.buyer), await last(scene.seller), await last(scene.admin)]).toEqual(['', 'Call me, I have another pair', 'Call me, I have another pair']);
  });

  it('keeps the two sides unknown to each other', async () => {
    const id = await scene.orderThatIs('confirmed');
    const bought = (await scene.as(scene.buyer).getOrder({ orderId: id })).order;
    const sold = (await scene.as(scene.seller).getOrder({ orderId: id })).order;
    expect([bought?.sellerId, bought?.askId, bought?.inboundTracking]).toEqual(['', '', '']);
    expect([sold?.buyerId, sold?.bidId, sold?.outboundTracking]).toEqual(['', '', '']);
  });

  it('tells the seller of an unpaid order not to ship yet, and nobody else', async () => {
    scene.when('processPayment', payment.actionRequired);
    const { id } = await scene.opened();
    expect((await scene.as(scene.seller).getOrder({ orderId: id })).order?.notice).toContain('Do not ship yet');
    expect((await scene.as(scene.buyer).getOrder({ orderId: id })).order?.notice).toBe('');
    await expect(scene.report(id, 'seller_shipped', scene.seller)).rejects.toMatchObject({ code: 'order.illegal_transition' });
    await expect(scene.as(scene.seller).getLabel({ orderId: id })).rejects.toMatchObject({ code: 'order.label_not_ready' });
  });

  it('does not exist for anybody else', async () => {
    const id = await scene.orderThatIs('confirmed');
    const tries = [
      () => scene.as(scene.stranger).getOrder({ orderId: id }),
      () => scene.as(scene.stranger).getOrderEvents({ orderId: id }),
      () => scene.as(scene.stranger).cancelOrder({ orderId: id, reason: 'x' }),
      () => scene.as(scene.stranger).getLabel({ orderId: id }),
      () => scene.as(scene.buyer).getLabel({ orderId: id }),
      () => scene.as(scene.stranger).updateOrderStatus({ orderId: id, event: 'seller_shipped' }),
      () => scene.as(scene.authenticator).getOrder({ orderId: id }),
      () => scene.as(scene.buyer).getOrder({ orderId: 'ord_nonsense' }),
    ];
    for (const attempt of tries) await expect(attempt()).rejects.toMatchObject({ kind: 'not_found', code: 'order.not_found' });
  });

  it('gives each event to the actors of the table alone', async () => {
    const id = await scene.orderThatIs('confirmed');
    await expect(scene.report(id, 'seller_shipped', scene.buyer)).rejects.toMatchObject({ kind: 'forbidden', code: 'order.not_yours' });
    await expect(scene.report(id, 'buyer_received', scene.seller)).rejects.toMatchObject({ code: 'order.not_yours' });
    await expect(scene.report(id, 'lost_inbound', scene.seller)).rejects.toMatchObject({ code: 'order.not_yours' });
    await expect(scene.as(scene.buyer).cancelOrder({ orderId: id })).rejects.toMatchObject({ code: 'order.not_yours' });
    for (const event of ['inspection_passed', 'payment_captured', 'confirmed', '']) {
      await expect(scene.report(id, event, scene.admin, { reason: 'x' })).rejects.toMatchObject({ code: 'order.event_unknown' });
    }
    expect((await scene.order(id)).status).toBe('confirmed');
  });

  it('lets no admin or authenticator act on a trade of their own', async () => {
    const [selling, buying] = [user('admin', 'authenticator'), user('admin', 'authenticator')];
    const { id } = await scene.opened({ ...scene.match(), sellerId: selling.id, buyerId: buying.id });
    await expect(scene.as(buying).cancelOrder({ orderId: id, reason: 'Mine.' })).rejects.toMatchObject({ code: 'order.not_yours' });
    await scene.report(id, 'seller_shipped', selling);
    await expect(scene.report(id, 'lost_inbound', buying, { reason: 'Mine.' })).rejects.toMatchObject({ code: 'order.not_yours' });
  });

  it('takes one step once: the same key again answers the same, another key is refused', async () => {
    const id = await scene.orderThatIs('confirmed');
    await scene.report(id, 'seller_shipped', scene.seller, { idempotencyKey: `k-${id}` });
    const before = await scene.order(id);
    await scene.report(id, 'seller_shipped', scene.seller, { idempotencyKey: `k-${id}` });
    expect((await scene.order(id)).version).toBe(before.version);
    await expect(scene.report(id, 'seller_shipped', scene.seller, { idempotencyKey: 'other' })).rejects.toMatchObject({ kind: 'conflict', code: 'order.illegal_transition' });
    const other = await scene.orderThatIs('confirmed');
    await expect(scene.report(other, 'seller_shipped', scene.seller, { idempotencyKey: `k-${id}` })).rejects.toMatchObject({ kind: 'rejected', code: 'order.key_reused' });
    const own = { orderId: other, event: 'seller_shipped', tracking: `OWN-${other}`, idempotencyKey: `own-${other}` };
    expect(await scene.as(scene.seller).updateOrderStatus(own)).toMatchObject({ replayed: false });
    expect(await scene.as(scene.seller).updateOrderStatus(own)).toMatchObject({ replayed: true, order: { inboundTracking: own.tracking } });
    await expect(scene.as(scene.seller).updateOrderStatus({ ...own, tracking: 'ANOTHER' })).rejects.toMatchObject({ kind: 'rejected', code: 'order.key_reused' });
    await expect(scene.as(scene.seller).cancelOrder({ orderId: id })).rejects.toMatchObject({ code: 'order.illegal_transition' });
  });

  it('cancels once for each key: the same request is answered again, another one under the key is refused', async () => {
    const [id, other] = [await scene.orderThatIs('confirmed'), await scene.orderThatIs('confirmed')];
    const cancel = { orderId: id, reason: 'I lost it.', idempotencyKey: `c-${id}` };
    const both = await Promise.all([scene.as(scene.seller).cancelOrder(cancel), scene.as(scene.seller).cancelOrder(cancel)]);
    expect(both.map(({ replayed }) => replayed).sort()).toEqual([false, true]);
    expect(both.map(({ order }) => order?.status)).toEqual(['cancelled', 'cancelled']);
    for (const another of [{ orderId: other }, { reason: 'Another.' }, { doNotRelist: true }]) {
      await expect(scene.as(scene.seller).cancelOrder({ ...cancel, ...another })).rejects.toMatchObject({ kind: 'rejected', code: 'order.key_reused' });
    }
    expect((await scene.order(other)).status).toBe('confirmed');
    expect(await scene.as(scene.admin).cancelOrder({ ...cancel, orderId: other, reason: 'Fraud.' })).toMatchObject({ replayed: false });
  });

  it('lets a seller send the pair with a number of their own, but not with somebody else\'s', async () => {
    const [id, other] = [await scene.orderThatIs('confirmed'), await scene.orderThatIs('confirmed')];
    await scene.report(id, 'seller_shipped', scene.seller, { tracking: `OWN-${id}` });
    expect((await scene.order(id)).inboundTracking).toBe(`OWN-${id}`);
    expect((await scene.told(id)).at(-1)?.event).toMatchObject({ leg: 'inbound', tracking: `OWN-${id}` });
    await expect(scene.report(other, 'seller_shipped', scene.seller, { tracking: `OWN-${id}` })).rejects.toMatchObject({ code: 'order.tracking_taken' });
    expect((await scene.order(other)).status).toBe('confirmed');
  });

  it('lets the floor send a passed pair with another carrier, but not without a number', async () => {
    const id = await scene.orderThatIs('authenticating');
    scene.carrier.failures = 1_000;
    await scene.service.deliver('inspection.completed', id, { orderId: id, verdict: 'pass' });
    await scene.eventually(async () => (await scene.order(id)).status === 'auth_passed');
    await expect(scene.as(scene.authenticator).updateOrderStatus({ orderId: id, event: 'buyer_shipped' })).rejects.toMatchObject({ code: 'order.label_not_ready' });
    await scene.as(scene.authenticator).updateOrderStatus({ orderId: id, event: 'buyer_shipped', tracking: `COURIER-${id}` });
    scene.carrier.failures = 0;
    await scene.service.settled();
    expect(await scene.order(id)).toMatchObject({ status: 'shipping_to_buyer', outboundTracking: `COURIER-${id}` });
  });

  it('ships once, though seller, carrier and floor say so at the same moment', async () => {
    const id = await scene.orderThatIs('confirmed');
    await Promise.allSettled([1, 2, 3, 4].map(() => scene.as(scene.seller).updateOrderStatus({ orderId: id, event: 'seller_shipped' })).concat(scene.atTheFloor(id) as never));
    await scene.service.settled();
    const { events } = await scene.as(scene.seller).getOrderEvents({ orderId: id });
    expect(events.filter(({ event }) => event === 'seller_shipped')).toHaveLength(1);
    expect(events.map(({ version }) => Number(version))).toEqual(events.map((_, i) => i + 1));
  });

  it('pages one\'s orders, newest first, by side and by state', async () => {
    const [buyer, seller] = [user(), user()];
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push((await scene.opened({ ...scene.match(), buyerId: buyer.id, sellerId: seller.id })).id);
    await scene.as(seller).cancelOrder({ orderId: ids[0] });
    const page = async (by: typeof buyer, query: object) => (await scene.as(by).getOrders(query)).orders.map(({ id }) => id);
    expect(await page(buyer, {})).toEqual([...ids].reverse());
    expect(await page(buyer, { role: 'seller' })).toEqual([]);
    expect(await page(seller, { role: 'seller', state: 'active' })).toEqual([ids[2], ids[1]]);
    expect(await page(seller, { state: 'history' })).toEqual([ids[0]]);
    const first = await scene.as(buyer).getOrders({ limit: 2 });
    expect(first.orders.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    const second = await scene.as(buyer).getOrders({ limit: 2, cursor: first.nextCursor });
    expect([second.orders.map(({ id }) => id), second.nextCursor]).toEqual([[ids[0]], '']);
    expect(await page(scene.stranger, {})).toEqual([]);
    expect(await page(scene.admin, { limit: 3 })).toEqual([...ids].reverse());
    for (const other of ['nonsense', `ord_${'z'.repeat(26)}`]) await expect(page(buyer, { cursor: other })).rejects.toMatchObject({ code: 'order.cursor_invalid' });
    await expect(scene.as(scene.admin).getManualTasks({ cursor: `tsk_${'z'.repeat(26)}` })).rejects.toMatchObject({ code: 'order.cursor_invalid' });
    await expect(page(buyer, { role: 'king' })).rejects.toMatchObject({ code: 'order.filter_invalid' });
  });

  it('tells projections of every order that was paid, whatever became of it, and of no other', async () => {
    const [paid, cancelled, open] = [await scene.orderThatIs('confirmed'), await scene.orderThatIs('confirmed'), (await scene.opened()).id];
    await scene.as(scene.seller).cancelOrder({ orderId: cancelled, idempotencyKey: 'a key' });
    await scene.service.settled();
    const told: string[] = [];
    for (let after = ''; ; ) {
      const { orders } = await scene.service.client(OrderService, 'search').listPaidOrders({ after, limit: 2 });
      if (orders.length === 0) break;
      told.push(...orders.map(({ orderId }) => orderId));
      after = told.at(-1) ?? '';
    }
    const isPaid = (await scene.as(scene.buyer).getOrder({ orderId: open })).order?.paymentStatus === 'captured';
    expect([told.includes(paid), told.includes(cancelled), told.includes(open), new Set(told).size]).toEqual([true, true, isPaid, told.length]);
  });

  it('opens its internal doors to services and admins alone', async () => {
    const tries = [
      () => scene.as(scene.buyer).createOrder(scene.match()),
      () => scene.service.client(OrderService, 'payment').createOrder(scene.match()),
      () => scene.as(scene.buyer).getManualTasks({}),
      () => scene.as(scene.buyer).resumeManualTask({ taskId: 'x', reason: 'x' }),
      () => scene.service.client(OrderService, 'payment').handleCarrierWebhook({}),
      () => scene.as(scene.admin).listPaidOrders({}),
    ];
    for (const attempt of tries) await expect(attempt()).rejects.toMatchObject({ kind: 'forbidden' });
    await expect(scene.as(scene.admin).resumeManualTask({ taskId: 'x', reason: 'x' })).rejects.toMatchObject({ code: 'order.task_not_found' });
  });
});
