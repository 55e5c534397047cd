import { OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { AppError } from '@libs/kernel/app-error';
import { uuidOfOwn } from '@libs/kernel/ids';
import { Transactions } from '@libs/postgres/transaction';
import { RecordAnswer } from '../src/application/record-answer';
import { payment, Scene } from './scene';

describe('an order', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open();
  }, 60_000);
  afterAll(() => scene.close());
  afterEach(() => ['reserveStock', 'processPayment', 'cancelPayment', 'refundPayment', 'createPayout', 'bustMatch'].forEach((rpc) => scene.when(rpc)));

  it('goes from match to delivered pair and paid seller', async () => {
    const id = await scene.orderThatIs('delivered');
    expect((await scene.told(id)).map(({ name }) => name)).toEqual([
      'order.created', 'order.label_ready', 'order.shipped', 'order.received', 'order.authenticated', 'order.label_ready', 'order.shipped', 'order.delivered',
    ]);
    const { events } = await scene.as(scene.buyer).getOrderEvents({ orderId: id });
    expect(events.map(({ version, event, toStatus, actor }) => [Number(version), event, toStatus, actor])).toEqual([
      [1, 'match_created', 'pending', 'system'],
      [2, 'stock_reserved', 'pending', 'system'],
      [3, 'payment_captured', 'confirmed', 'system'],
      [4, 'seller_shipped', 'seller_shipping', 'seller'],
      [5, 'warehouse_received', 'authenticating', 'authenticator'],
      [6, 'inspection_passed', 'auth_passed', 'authenticator'],
      [7, 'buyer_shipped', 'shipping_to_buyer', 'authenticator'],
      [8, 'buyer_received', 'delivered', 'buyer'],
    ]);
    for (const rpc of ['reserveStock', 'processPayment', 'createPayout']) expect([rpc, scene.countAsked(rpc, { orderId: id })]).toEqual([rpc, 1]);
    expect(scene.countAsked('refundPayment', { orderId: id }) + scene.countAsked('releaseStock', { orderId: id })).toBe(0);
  });

  it('is opened once for a match that is told twice', async () => {
    const match = scene.match();
    const { again } = await scene.service.deliver('match.created', match.marketId, match);
    await again();
    const { id } = await scene.opened({ ...match, marketSeq: 2n });
    expect(scene.countAsked('processPayment', { orderId: id })).toBe(1);
    expect((await scene.told(id)).filter(({ name }) => name === 'order.created')).toHaveLength(1);
  });

  it('is found, not doubled, by the repair tool', async () => {
    const { id, match } = await scene.opened();
    const { orderId } = await scene.service.client(OrderService, 'bidding').createOrder(match);
    expect(orderId).toBe(id);
  });

  it('whose pair is sold already is cancelled unpaid: the bid returns, nothing is charged', async () => {
    scene.when('reserveStock', () => { throw new AppError('conflict', 'product.ask_reserved', 'Another order holds this ask.'); });
    const { id, match } = await scene.opened();
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', cancelReason: 'reserve_failed', paymentStatus: 'none' });
    expect(scene.countAsked('processPayment', { orderId: id })).toBe(0);
    expect(scene.countAsked('releaseStock', { orderId: id })).toBe(1);
    expect(scene.askedFor('bustMatch', { matchId: match.matchId })[0]?.request).toMatchObject({ reason: 'reserve_failed' });
    expect((await scene.told(id)).map(({ name, event }) => [name, 'wasPaid' in event && event.wasPaid])).toEqual([['order.cancelled', false]]);
  });

  it.each([['rpc.circuit_open', 'info'], ['payment.busy', 'warn']] as const)('that a neighbour keeps waiting (%s) goes on when it answers, and is told of as %s', async (code, level) => {
    let refusals = 3;
    scene.when('processPayment', () => {
      if (refusals-- > 0) throw new AppError('unavailable', code, 'Not now.');
      return payment.captured();
    });
    const { id } = await scene.opened();
    await scene.eventually(async () => (await scene.order(id))?.status === 'confirmed');
    const failures = scene.service.logs.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line['order_id'] === id && line['step'] === 'charge');
    expect(failures.map((line) => line['level'])).toEqual([level, level, level]);
  });

  it('whose charge fails for good is cancelled: the match is bust, the stock free, the buyer struck', async () => {
    scene.when('processPayment', payment.failed);
    const { id, match } = await scene.opened();
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', cancelReason: 'payment_failed', paymentStatus: 'failed' });
    expect(scene.askedFor('bustMatch', { matchId: match.matchId })[0]?.request).toMatchObject({ reason: 'payment_failed' });
    expect(scene.askedFor('recordStrike', { orderId: id })[0]?.request).toMatchObject({ userId: scene.buyer.id, kind: 'unpaid_win' });
    expect(scene.countAsked('releaseStock', { orderId: id })).toBe(1);
    expect(scene.countAsked('refundPayment', { orderId: id })).toBe(0);
  });

  it('waits for a buyer who must authenticate, and goes on when payment tells that it is paid', async () => {
    scene.when('processPayment', payment.actionRequired);
    const { id } = await scene.opened();
    expect(await scene.order(id)).toMatchObject({ status: 'pending', paymentStatus: 'action_required' });
    const { again } = await scene.service.deliver('payment.captured', id, { orderId: id, buyerId: scene.buyer.id });
    await again();
    await scene.service.settled();
    expect(await scene.order(id)).toMatchObject({ status: 'confirmed', paymentStatus: 'captured' });
    expect((await scene.told(id)).filter(({ name }) => name === 'order.created')).toHaveLength(1);
  });

  it.each([[false, 'action_required'], [true, 'retrying']] as const)('says whether it waits for its buyer or tries the card again by itself (%s), as payment does', async (retriesItself, paymentStatus) => {
    scene.when('processPayment', payment.processing);
    const { id } = await scene.opened();
    await scene.service.deliver('payment.action_required', id, { orderId: id, buyerId: scene.buyer.id, why: 'declined', retriesItself });
    await scene.service.settled();
    expect(await scene.order(id)).toMatchObject({ status: 'pending', paymentStatus });
  });

  it('is paid by the event alone when the answer never came, and still learns what was charged', async () => {
    let tries = 0;
    scene.when('processPayment', () => {
      if (tries++ === 0) throw new AppError('unavailable', 'payment.late', 'Nobody knows.');
      return payment.captured();
    });
    const match = scene.match();
    await scene.service.deliver('match.created', match.marketId, match);
    const { id } = await scene.opened({ ...match, marketSeq: 2n });
    await scene.service.deliver('payment.captured', id, { orderId: id });
    await scene.service.settled();
    const { order } = await scene.as(scene.buyer).getOrder({ orderId: id });
    expect(order).toMatchObject({ status: 'confirmed', paymentStatus: 'captured' });
    expect(order?.lines.map(({ kind }) => kind)).toContain('total');
  });

  it('is retried when a neighbour fails, and asks everything again with the same order', async () => {
    let failures = 2;
    scene.when('reserveStock', () => {
      if (failures-- > 0) throw new AppError('unavailable', 'rpc.unavailable', 'Down.');
      return {};
    });
    scene.carrier.failures = 1;
    const { id } = await scene.opened();
    expect(await scene.order(id)).toMatchObject({ status: 'confirmed' });
    expect(scene.countAsked('reserveStock', { orderId: id })).toBe(3);
    expect([...scene.carrier.labels.keys()].filter((key) => key.startsWith(id))).toEqual([`${id}:inbound`]);
  });

  it('that fails inspection refunds the buyer, sends the pair back and busts the match, without a strike', async () => {
    const id = await scene.orderThatIs('authenticating');
    await scene.inspected(id, 'fail', ['counterfeit']);
    const order = await scene.order(id);
    expect(order).toMatchObject({ status: 'auth_failed', paymentStatus: 'refunded' });
    expect(order.returnTracking).not.toBe('');
    expect(scene.askedFor('refundPayment', { orderId: id }).map(({ request }) => request.borneByPlatform)).toEqual([false]);
    expect(scene.askedFor('bustMatch', { matchId: order.matchId })[0]?.request).toMatchObject({ reason: 'inspection_failed' });
    expect(scene.countAsked('recordStrike', { orderId: id }) + scene.countAsked('createPayout', { orderId: id })).toBe(0);
    const told = (await scene.told(id)).find(({ name }) => name === 'order.authenticated');
    expect(told?.event).toMatchObject({ result: 'fail', reasons: ['counterfeit'] });
  });

  it('at the floor before the carrier has told of it was shipped', async () => {
    const id = await scene.orderThatIs('confirmed');
    await scene.atTheFloor(id);
    expect((await scene.order(id)).status).toBe('authenticating');
    const { events } = await scene.as(scene.seller).getOrderEvents({ orderId: id });
    expect(events.slice(-2).map(({ event }) => event)).toEqual(['seller_shipped', 'warehouse_received']);
  });

  it('whose label is brought once more, by a process that slept, tells nobody twice and gives the seller no more time', async () => {
    const id = await scene.orderThatIs('confirmed');
    const { inboundTracking: tracking, shipBy } = await scene.order(id);
    scene.clock.passes({ hours: 20 });
    const label = { tracking, orderId: id, leg: 'inbound' as const, carrier: 'sandbox', labelUrl: `http://labels/${tracking}` };
    await scene.service.app.get(Transactions).run((tx) => scene.service.app.get(RecordAnswer).execute(tx, id, { is: 'done', label }));
    await scene.service.settled();
    expect((await scene.told(id)).map(({ name }) => name)).toEqual(['order.created', 'order.label_ready']);
    expect((await scene.order(id)).shipBy).toEqual(shipBy);
  });

  it('whose label comes when it is cancelled already keeps the label to itself: nobody is told to ship', async () => {
    const id = await scene.orderThatIs('confirmed');
    await scene.as(scene.seller).cancelOrder({ orderId: id });
    await scene.service.settled();
    const told = (await scene.told(id)).length;
    // The carrier's answer to a question from before.
    const label = { tracking: `LATE-${id}`, orderId: id, leg: 'inbound' as const, carrier: 'sandbox', labelUrl: 'http://labels/late' };
    await scene.service.app.get(Transactions).run((tx) => scene.service.app.get(RecordAnswer).execute(tx, id, { is: 'done', label }));
    expect((await scene.told(id)).length).toBe(told);
    expect((await scene.order(id)).inboundTracking).not.toBe(label.tracking);
    expect(await scene.service.sql.query(`select 1 as one from timers where order_id = $1 and kind = 'ship_by' and fired_at is null`, [uuidOfOwn('ord', id)])).toEqual([]);
    expect(await scene.service.sql.query('select 1 as one from shipments where tracking = $1', [label.tracking])).toHaveLength(1);
  });

  it('follows its payout to the bank', async () => {
    const id = await scene.orderThatIs('delivered');
    const seen = async () => (await scene.as(scene.seller).getOrder({ orderId: id })).order?.payoutStatus;
    expect(await seen()).toBe('transferring');
    // News from before do not put it back.
    await scene.service.deliver('payout.released', scene.seller.id, { orderId: id, sellerId: scene.seller.id });
    await scene.service.settled();
    expect(await seen()).toBe('transferring');
    await scene.service.deliver('payout.transferred', scene.seller.id, { orderId: id, sellerId: scene.seller.id });
    await scene.service.deliver('payout.paid', scene.seller.id, { orderId: id, sellerId: scene.seller.id });
    await scene.service.settled();
    expect(await seen()).toBe('paid');
  });
});

describe('a payout', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open();
  }, 60_000);
  afterAll(() => scene.close());
  const seen = async (id: string) => (await scene.as(scene.seller).getOrder({ orderId: id })).order?.payoutStatus;

  it('that is released to a seller without an account is owed, and not on its way', async () => {
    scene.when('createPayout', () => ({ payout: { state: 'held' } }));
    const id = await scene.orderThatIs('delivered');
    await scene.service.deliver('payout.released', scene.seller.id, { orderId: id, sellerId: scene.seller.id });
    await scene.service.settled();
    expect(await seen(id)).toBe('owed');
  });

  it('whose slow answer comes after its arrival stays paid', async () => {
    let answer: (value: object) => void = () => undefined;
    scene.when('createPayout', () => new Promise((resolve) => (answer = resolve)));
    const id = await scene.orderThatIs('shipping_to_buyer');
    await scene.as(scene.buyer).updateOrderStatus({ orderId: id, event: 'buyer_received' });
    await scene.eventually(() => scene.countAsked('createPayout', { orderId: id }) === 1);
    await scene.service.deliver('payout.paid', scene.seller.id, { orderId: id, sellerId: scene.seller.id });
    await scene.eventually(async () => (await seen(id)) === 'paid');
    answer({ payout: { state: 'transferring' } });
    await scene.service.settled();
    await scene.service.restart();
    expect(await seen(id)).toBe('paid');
  });

  it('that the bank refused is owed again', async () => {
    scene.when('createPayout');
    const id = await scene.orderThatIs('delivered');
    await scene.service.deliver('payout.paid', scene.seller.id, { orderId: id, sellerId: scene.seller.id });
    await scene.service.deliver('payout.failed', scene.seller.id, { orderId: id, sellerId: scene.seller.id });
    await scene.service.settled();
    expect(await seen(id)).toBe('owed');
  });
});
