import { typeId } from '@libs/kernel/ids';
import { SettleCharge } from '../src/application/settle-charge';
import { admin, Till } from './till';

const DAY_MS = 24 * 3_600_000;

describe('Charging a match', () => {
  let till: Till;
  beforeAll(async () => {
    till = await Till.open();
  }, 120_000);
  afterAll(() => till?.close());
  afterEach(() => expect(till.complaints()).toEqual([]));

  const captures = async (orderId: string) => (await till.list('charges?limit=100')).filter((charge) => charge['transfer_group'] === orderId && charge['paid'] === true);

  const retriesItself = async (orderId: string) => (await till.service.published()).flatMap(({ event }) => ('retriesItself' in event && event.orderId === orderId ? [event.retriesItself] : []));

  it('charges once, holds the money, releases it to the seller and pays it out, and the books balance', async () => {
    const order = await till.charged('pm_card_visa');
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured', total: { minor: 48_745n }, payout: { minor: 39_600n }, tries: 1 });
    expect(await till.balances()).toEqual({ stripe_balance: 48_745 - 1_444, processing_cost: 1_444, held: -48_745 });

    await till.passes({ days: 4 }, DAY_MS);
    await till.as('order').createPayout({ orderId: order.orderId });
    await till.settled();
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'in_transit', amount: { minor: 39_600n } });
    await till.passes({ days: 3 }, DAY_MS);

    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'paid' });
    const balances = await till.balances();
    expect(balances).toEqual({ stripe_balance: 48_745 - 1_444 - 39_600, processing_cost: 1_444, fee_revenue: -(4_050 + 1_350 + 2_250), shipping_revenue: -1_495 });
    expect(Object.values(balances).reduce((sum, minor) => sum + minor, 0)).toBe(0);
    expect(await till.events(order.orderId)).toEqual(['payment.captured', 'payout.released', 'payout.transferred', 'payout.paid']);
    expect(await till.tasks()).toEqual([]);
  }, 60_000);

  it('asked again it tells how the charge stands, and refuses the same order with other facts', async () => {
    const order = await till.charged('pm_card_visa');
    expect(await till.charge(order)).toMatchObject({ state: 'captured' });
    await expect(till.charge({ ...order, priceMinor: 46_000 })).rejects.toMatchObject({ code: 'payment.order_differs' });
    expect(await captures(order.orderId)).toHaveLength(1);
  });

  it('a soft decline is tried once more by itself after an hour, and that may succeed', async () => {
    const order = await till.charged('pm_card_sandboxDeclinesFirstCharge');
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'retrying', tries: 1, failureCode: 'insufficient_funds' });
    await till.passes({ minutes: 59 });
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'retrying', tries: 1 });
    await till.passes({ minutes: 1 });
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured', tries: 2, failureCode: '' });
    expect(await till.events(order.orderId)).toEqual(['payment.action_required', 'payment.captured']);
    expect(await retriesItself(order.orderId)).toEqual([true]);
  });

  it('a card that goes on declining fails after two hours, and the intent can never be paid then', async () => {
    const order = await till.charged('pm_card_chargeCustomerFail');
    await till.passes({ hours: 1 });
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'action_required', tries: 2, failureCode: 'generic_decline' });
    await till.passes({ hours: 1 });
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'failed', tries: 2 });
    expect(await till.events(order.orderId)).toEqual(['payment.action_required', 'payment.action_required', 'payment.failed']);
    expect(await retriesItself(order.orderId)).toEqual([true, false]);
    const [intent] = (await till.list('payment_intents?limit=100')).filter((one) => one['transfer_group'] === order.orderId);
    expect(intent).toMatchObject({ status: 'canceled' });
  });

  it('the third decline ends it at once', async () => {
    const order = await till.charged('pm_card_chargeCustomerFail');
    for (const key of ['one', 'two']) {
      await till.as(order.buyer).recoverPayment({ orderId: order.orderId, idempotencyKey: key });
      await till.settled();
    }
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'failed', tries: 3, failureCode: 'generic_decline' });
    await expect(till.as(order.buyer).recoverPayment({ orderId: order.orderId, idempotencyKey: 'three' })).rejects.toMatchObject({ code: 'payment.not_recoverable' });
  });

  it('a hard decline is not tried again by itself; the buyer takes another card, once for each key', async () => {
    const order = await till.charged('pm_card_chargeDeclinedExpiredCard');
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'action_required', tries: 1, failureCode: 'expired_card' });
    const paymentMethodId = await till.addCard(order.buyer, 'pm_card_mastercard');
    const recovery = { orderId: order.orderId, paymentMethodId, idempotencyKey: 'again' };
    await Promise.all([till.as(order.buyer).recoverPayment(recovery), till.as(order.buyer).recoverPayment(recovery)]);
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured', tries: 2 });
    expect((await till.as(order.buyer).recoverPayment(recovery)).payment).toMatchObject({ state: 'captured' });
    expect(await captures(order.orderId)).toHaveLength(1);
  });

  it('the same decline told twice is one try', async () => {
    const order = await till.charged('pm_card_chargeDeclinedExpiredCard');
    const [operation] = await till.service.sql.query<{ id: string }>(`select op_id as id from payment_op where kind = 'capture' order by planned_at desc limit 1`);
    const settle = till.service.app.get(SettleCharge, { strict: false });
    await settle.execute(order.orderId, { found: 'declined', code: 'expired_card' }, typeId('op', operation?.id ?? ''));
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'action_required', tries: 1 });
    const paymentMethodId = await till.addCard(order.buyer, 'pm_card_visa');
    await till.as(order.buyer).recoverPayment({ orderId: order.orderId, paymentMethodId, idempotencyKey: 'next' });
    await settle.execute(order.orderId, { found: 'declined', code: 'expired_card' }, typeId('op', operation?.id ?? ''));
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured', tries: 2 });
  });

  it('nobody but the buyer recovers a payment, and only with a card of his own', async () => {
    const order = await till.charged('pm_card_chargeDeclinedExpiredCard');
    const stranger = till.user();
    await expect(till.as(stranger).recoverPayment({ orderId: order.orderId, idempotencyKey: 'x' })).rejects.toMatchObject({ code: 'payment.not_found' });
    const paymentMethodId = await till.addCard(stranger, 'pm_card_visa');
    await expect(till.as(order.buyer).recoverPayment({ orderId: order.orderId, paymentMethodId, idempotencyKey: 'y' })).rejects.toMatchObject({ code: 'payment.method_unknown' });
  });

  it('authentication is no try; when the buyer has authenticated at the provider the message alone captures', async () => {
    const order = await till.charged('pm_card_authenticationRequired');
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'action_required', tries: 0, failureCode: 'authentication_required' });
    const { payment } = await till.as(order.buyer).getPayment({ orderId: order.orderId });
    const intentId = payment?.clientSecret.split('_secret_')[0] ?? '';
    const [method] = await till.list(`customers/${(await till.stripe(`payment_intents/${intentId}`))['customer'] as string}/payment_methods`);
    await till.stripe(`payment_intents/${intentId}/confirm`, { client_secret: payment?.clientSecret ?? '', payment_method: String(method?.['id']) });
    await till.stripe(`payment_intents/${intentId}/authenticate`, { client_secret: payment?.clientSecret ?? '' });
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured', tries: 1 });
    const ops = await till.service.sql.query(`select state from payment_op where kind = 'capture' and state = 'succeeded' and order_id = (select order_id from payments where intent_id = $1)`, [intentId]);
    expect(ops).toHaveLength(1);
    // The buyer says so as well, a moment too late.
    expect((await till.as(order.buyer).recoverPayment({ orderId: order.orderId, idempotencyKey: 'late' }).catch((error: unknown) => error))).toMatchObject({ code: 'payment.not_recoverable' });
  });

  it('recovering after authentication captures although the message was lost', async () => {
    const order = await till.charged('pm_card_authenticationRequired');
    const { payment } = await till.as(order.buyer).getPayment({ orderId: order.orderId });
    const intentId = payment?.clientSecret.split('_secret_')[0] ?? '';
    const [method] = await till.list(`customers/${(await till.stripe(`payment_intents/${intentId}`))['customer'] as string}/payment_methods`);
    till.door.isShut = true;
    await till.stripe(`payment_intents/${intentId}/confirm`, { client_secret: payment?.clientSecret ?? '', payment_method: String(method?.['id']) });
    await till.stripe(`payment_intents/${intentId}/authenticate`, { client_secret: payment?.clientSecret ?? '' });
    await till.as(order.buyer).recoverPayment({ orderId: order.orderId, idempotencyKey: 'authenticated' });
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured', tries: 1 });
    till.door.isShut = false;
    await till.settled();
    expect(await captures(order.orderId)).toHaveLength(1);
    expect(await till.events(order.orderId)).toEqual(['payment.action_required', 'payment.captured']);
  });

  it('an order that was cancelled before its charge is not charged later', async () => {
    const order = await till.order('pm_card_visa');
    expect((await till.as('order').cancelPayment({ orderId: order.orderId })).payment).toMatchObject({ state: 'cancelled' });
    await expect(till.charge(order)).rejects.toMatchObject({ code: 'payment.ended' });
  });

  it('cancelling an unpaid charge ends it with a known result, without a strike', async () => {
    const order = await till.charged('pm_card_chargeDeclinedExpiredCard');
    await till.as('order').cancelPayment({ orderId: order.orderId });
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'cancelled' });
    expect(await till.events(order.orderId)).toEqual(['payment.action_required', 'payment.failed']);
  });

  it('when cancelling races with the charge, it ends paid or cancelled, and the provider agrees', async () => {
    const orders = await Promise.all(Array.from({ length: 6 }, () => till.order('pm_card_visa')));
    await Promise.all(orders.flatMap((order) => [till.charge(order), till.charge(order).then(() => till.as('order').cancelPayment({ orderId: order.orderId }))]));
    await till.settled();
    for (const { orderId } of orders) {
      const { state } = await till.payment(orderId);
      expect(['captured', 'cancelled']).toContain(state);
      expect(await captures(orderId)).toHaveLength(state === 'captured' ? 1 : 0);
    }
  });

  it('who sees what of a payment: the buyer his bill, the seller hers, a stranger nothing', async () => {
    const { orderId, buyer, seller } = await till.charged('pm_card_visa');
    const forBuyer = (await till.as(buyer).getPayment({ orderId })).payment;
    const forSeller = (await till.as(seller).getPayment({ orderId })).payment;
    expect([forBuyer?.buyerLines.length, forBuyer?.sellerLines.length, forBuyer?.payout]).toEqual([3, 0, undefined]);
    expect([forSeller?.buyerLines.length, forSeller?.sellerLines.length, forSeller?.total]).toEqual([0, 3, undefined]);
    await expect(till.as(till.user()).getPayment({ orderId })).rejects.toMatchObject({ code: 'payment.not_found' });
  });

  it('an admin who is a side of a trade sees that side, and as its buyer can authenticate the payment', async () => {
    const order = await till.order('pm_card_authenticationRequired');
    const seller = till.user('buyer', 'seller', 'admin');
    const buyer = { ...order.buyer, roles: [...order.buyer.roles, 'admin'] } as const;
    await till.charge({ ...order, seller });
    await till.settled();
    const [forBuyer, forSeller, forAdmin] = await Promise.all([buyer, seller, admin].map(async (user) => (await till.as(user).getPayment({ orderId: order.orderId })).payment));
    expect([forBuyer?.clientSecret, forBuyer?.sellerLines]).toEqual([expect.stringContaining('_secret_'), []]);
    expect([forSeller?.buyerLines, forSeller?.sellerLines.length]).toEqual([[], 3]);
    expect([forAdmin?.clientSecret, forAdmin?.buyerLines.length, forAdmin?.sellerLines.length]).toEqual(['', 3, 3]);
  });

  it('only the order service charges, refunds and pays out', async () => {
    const order = await till.order('pm_card_visa');
    for (const attempt of [till.as('gateway').refundPayment({ orderId: order.orderId }), till.as(order.seller).createPayout({ orderId: order.orderId }), till.as('bidding').cancelPayment({ orderId: order.orderId })]) {
      await expect(attempt).rejects.toMatchObject({ code: 'rpc.service_not_allowed' });
    }
    await expect(till.as(order.seller).getTrialBalance({})).rejects.toMatchObject({ code: 'rpc.role_missing' });
  });
});
