import { uuidOfOwn } from '@libs/kernel/ids';
import { Activity } from '@libs/chassis/activity';
import { AppError } from '@libs/kernel/app-error';
import { ConcludeStep } from '../src/application/conclude-step';
import { payment, Scene } from './scene';

describe('a cancelled order', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open();
  }, 60_000);
  afterAll(() => scene.close());
  afterEach(() => ['processPayment', 'cancelPayment', 'refundPayment'].forEach((rpc) => scene.when(rpc)));

  /** Payment is away: whether it has taken the money is not known. */
  const orderWhoseChargeIsUnanswered = async (): Promise<string> => {
    const down = () => {
      throw new AppError('unavailable', 'rpc.unavailable', 'Down.');
    };
    scene.when('processPayment', down);
    scene.when('cancelPayment', down);
    const match = scene.match();
    await scene.service.deliver('match.created', match.marketId, match);
    const charges = () => scene.askedFor('processPayment', { paymentMethodId: match.paymentMethodId });
    await scene.eventually(() => charges().length > 0);
    return String(charges()[0]?.request.orderId);
  };

  it('of a seller who changed their mind refunds the buyer and strikes the seller', async () => {
    const id = await scene.orderThatIs('confirmed');
    await scene.as(scene.seller).cancelOrder({ orderId: id, reason: 'I lost it.', doNotRelist: true });
    await scene.service.settled();
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', cancelReason: 'seller_cancelled', paymentStatus: 'refunded' });
    expect(scene.askedFor('recordStrike', { orderId: id })[0]?.request).toMatchObject({ userId: scene.seller.id, kind: 'seller_cancelled' });
    expect(scene.askedFor('bustMatch', { doNotRelist: true as never })).toHaveLength(1);
    expect((await scene.told(id)).at(-1)?.event).toMatchObject({ reason: 'seller_cancelled', wasPaid: true });
  });

  it('of an admin gives the money back and strikes nobody', async () => {
    const id = await scene.orderThatIs('confirmed');
    await expect(scene.as(scene.admin).cancelOrder({ orderId: id })).rejects.toMatchObject({ code: 'order.reason_missing' });
    await scene.as(scene.admin).cancelOrder({ orderId: id, reason: 'Fraud.' });
    await scene.service.settled();
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', cancelReason: 'admin', paymentStatus: 'refunded' });
    expect(scene.countAsked('refundPayment', { orderId: id })).toBe(1);
    expect(scene.countAsked('recordStrike', { orderId: id })).toBe(0);
  });

  it('is what an admin\'s refund makes of a paid one, with the reason in its history, once for each key', async () => {
    const id = await scene.orderThatIs('confirmed');
    const refund = { orderId: id, reason: 'The seller is unreachable.', idempotencyKey: `r-${id}` };
    await expect(scene.as(scene.seller).refundOrder(refund)).rejects.toMatchObject({ code: 'rpc.role_missing' });
    await expect(scene.as(scene.admin).refundOrder({ ...refund, reason: '' })).rejects.toMatchObject({ code: 'order.reason_missing' });
    expect((await scene.as(scene.admin).refundOrder(refund)).replayed).toBe(false);
    expect((await scene.as(scene.admin).refundOrder(refund)).replayed).toBe(true);
    await expect(scene.as(scene.admin).refundOrder({ ...refund, reason: 'Another.' })).rejects.toMatchObject({ code: 'order.key_reused' });
    await scene.service.settled();
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', cancelReason: 'admin', paymentStatus: 'refunded' });
    expect(scene.countAsked('refundPayment', { orderId: id })).toBe(1);
    const { events } = await scene.as(scene.admin).getOrderEvents({ orderId: id });
    expect(events.at(-1)).toMatchObject({ event: 'admin_cancelled', actor: 'admin', reason: 'The seller is unreachable.' });
    await expect(scene.as(scene.admin).refundOrder({ ...refund, idempotencyKey: 'later' })).rejects.toMatchObject({ code: 'order.nothing_to_refund' });
  });

  it('by an admin\'s refund of a parcel on its way to the buyer is borne by the platform', async () => {
    const id = await scene.orderThatIs('shipping_to_buyer');
    await scene.as(scene.admin).refundOrder({ orderId: id, reason: 'Promised by support.' });
    await scene.service.settled();
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', cancelReason: 'lost_outbound', paymentStatus: 'refunded' });
    expect(scene.askedFor('refundPayment', { orderId: id }).map(({ request }) => request.borneByPlatform)).toEqual([true]);
  });

  it('lets the quote return only when the pair is free again, however often that fails', async () => {
    let isDown = true;
    scene.when('processPayment', payment.failed);
    scene.when('releaseStock', () => {
      if (isDown) throw new AppError('unavailable', 'rpc.unavailable', 'Down.');
      return {};
    });
    const match = scene.match();
    const { matchId, askId } = match;
    await scene.service.deliver('match.created', match.marketId, match);
    await scene.eventually(() => scene.countAsked('releaseStock', { askId }) > 2);
    expect(scene.countAsked('bustMatch', { matchId })).toBe(0);
    // The rest of it does not wait.
    const [released] = scene.askedFor('releaseStock', { askId });
    await scene.eventually(() => scene.countAsked('recordStrike', { orderId: String(released?.request.orderId) }) === 1);
    expect(scene.countAsked('bustMatch', { matchId })).toBe(0);
    isDown = false;
    await scene.eventually(() => scene.countAsked('bustMatch', { matchId }) === 1);
    await scene.service.settled();
    scene.when('releaseStock');
  });

  it('whose charge ends later says so when payment tells it, and asks no more', async () => {
    scene.when('processPayment', payment.actionRequired);
    scene.when('cancelPayment', payment.processing);
    const { id } = await scene.opened();
    await scene.as(scene.admin).cancelOrder({ orderId: id, reason: 'Fraud.' });
    await scene.eventually(() => scene.countAsked('cancelPayment', { orderId: id }) > 0);
    // The pair is released and the match bust beside it: what then still counts is the charge's end, which payment has yet to tell.
    const underWay = () => scene.service.sql.query(`select 1 from saga_steps where order_id = $1 and state in ('ready', 'running')`, [uuidOfOwn('ord', id)]);
    await scene.eventually(async () => (await underWay()).length === 0);
    expect((await scene.service.app.get(Activity).snapshot())['saga steps']).toBe(1);
    await scene.service.deliver('payment.failed', id, { orderId: id, failureCode: 'cancelled' });
    await scene.service.settled();
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', cancelReason: 'admin', paymentStatus: 'failed' });
    expect(await scene.openSteps(id)).toEqual([]);
  });

  it('that was not paid yet ends its charge, and is not refunded', async () => {
    scene.when('processPayment', payment.actionRequired);
    const { id } = await scene.opened();
    await scene.as(scene.admin).cancelOrder({ orderId: id, reason: 'Fraud.' });
    await scene.service.settled();
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', cancelReason: 'admin', paymentStatus: 'failed' });
    expect(await scene.openSteps(id)).toEqual([]);
    expect(scene.countAsked('cancelPayment', { orderId: id })).toBe(1);
    expect(scene.countAsked('refundPayment', { orderId: id })).toBe(0);
    expect((await scene.told(id)).map(({ name, event }) => [name, 'wasPaid' in event && event.wasPaid])).toEqual([['order.cancelled', false]]);
  });

  it('whose charge turns out paid after all is refunded, once', async () => {
    scene.when('processPayment', payment.processing);
    scene.when('cancelPayment', payment.captured);
    const { id } = await scene.opened();
    await scene.as(scene.admin).cancelOrder({ orderId: id, reason: 'Fraud.' });
    await scene.service.settled();
    const { again } = await scene.service.deliver('payment.captured', id, { orderId: id });
    await again();
    await scene.service.settled();
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', paymentStatus: 'refunded' });
    expect(scene.countAsked('refundPayment', { orderId: id })).toBe(1);
    expect((await scene.told(id)).filter(({ name }) => name === 'order.created')).toEqual([]);
  });

  it.each(['is still tried', 'was given up'])('whose charge was never answered, and %s when it turns out to have taken the money, shows what was charged and given back', async (how) => {
    const id = await orderWhoseChargeIsUnanswered();
    await scene.as(scene.admin).cancelOrder({ orderId: id, reason: 'Fraud.' });
    await scene.eventually(() => scene.countAsked('cancelPayment', { orderId: id }) > 0);
    if (how === 'was given up') await scene.eventually(async () => !(await scene.openSteps(id)).includes('charge'));
    scene.when('processPayment');
    await scene.service.deliver('payment.captured', id, { orderId: id });
    await scene.service.settled();
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', paymentStatus: 'refunded' });
    expect((await scene.order(id)).lines.map(({ kind }) => kind)).toContain('total');
  });

  it('whose charge is given up in the moment in which its money is heard of shows what was charged and given back', async () => {
    const id = await orderWhoseChargeIsUnanswered();
    const concluder = scene.service.app.get(ConcludeStep);
    const conclude = concluder.execute.bind(concluder);
    let isHeardOf = false;
    const concluding = jest.spyOn(concluder, 'execute').mockImplementation(async (step, answer) => {
      if (step.kind === 'charge' && answer.is === 'void' && !isHeardOf) {
        isHeardOf = true;
        await scene.service.deliver('payment.captured', id, { orderId: id });
        await scene.eventually(async () => ['refunding', 'refunded'].includes((await scene.order(id)).paymentStatus));
      }
      return conclude(step, answer);
    });
    await scene.as(scene.admin).cancelOrder({ orderId: id, reason: 'Fraud.' });
    await scene.eventually(() => isHeardOf);
    scene.when('processPayment');
    await scene.service.settled();
    concluding.mockRestore();
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', paymentStatus: 'refunded' });
    expect((await scene.order(id)).lines.map(({ kind }) => kind)).toContain('total');
  });

  it('is refunded when payment says so later, by its event', async () => {
    scene.when('refundPayment', payment.refunding);
    const id = await scene.orderThatIs('confirmed');
    await scene.as(scene.seller).cancelOrder({ orderId: id });
    await scene.service.settled();
    expect((await scene.order(id)).paymentStatus).toBe('refunding');
    await scene.service.deliver('payment.refunded', id, { orderId: id, borneByPlatform: false });
    await scene.service.settled();
    expect((await scene.order(id)).paymentStatus).toBe('refunded');
  });

  it('takes no pair: the floor\'s news of it change nothing', async () => {
    const id = await scene.orderThatIs('confirmed');
    await scene.as(scene.seller).cancelOrder({ orderId: id });
    await scene.atTheFloor(id);
    await scene.inspected(id, 'pass');
    expect((await scene.order(id)).status).toBe('cancelled');
    expect(scene.countAsked('refundPayment', { orderId: id })).toBe(1);
  });

  it('lost on its way to the buyer pays the seller, and refunds the buyer from the platform', async () => {
    const id = await scene.orderThatIs('shipping_to_buyer');
    await scene.report(id, 'lost_outbound', scene.admin, { reason: 'The carrier says so.' });
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', cancelReason: 'lost_outbound', paymentStatus: 'refunded' });
    expect(scene.askedFor('refundPayment', { orderId: id }).map(({ request }) => request.borneByPlatform)).toEqual([true]);
    expect(scene.countAsked('createPayout', { orderId: id })).toBe(1);
  });
});
