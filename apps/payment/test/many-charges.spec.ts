import { chargesPerSecond } from './charges-per-second';
import { Till } from './till';

const ORDERS = 200;
const HANGING = 6;

describe('Many charges at once', () => {
  let till: Till;
  beforeAll(async () => {
    till = await Till.open({ STRIPE_TIMEOUT_MS: '15000' });
  }, 120_000);
  afterAll(() => till?.close());

  it('each is made once, and the books balance', async () => {
    const rate = await chargesPerSecond(till, ORDERS);
    expect(rate.captured).toBe(ORDERS);
    expect(await till.balances()).toMatchObject({ held: -48_745 * ORDERS });
    expect(till.complaints()).toEqual([]);
  }, 120_000);

  it('calls that hang keep nobody waiting', async () => {
    const model = await till.order('pm_card_visa');
    const orders = await Promise.all(Array.from({ length: HANGING }, () => till.order('pm_card_visa')));
    await till.settled();
    await till.fault('/v1/payment_intents/*/confirm', 'timeout_before', HANGING);
    await Promise.all(orders.map((order) => till.charge(order)));
    const hanging = async () => (await till.service.sql.query(`select 1 from payment_op where kind = 'capture' and state = 'sent' and sent_at is not null`)).length;
    await till.eventually(async () => (await hanging()) === HANGING);
    await till.charge(model);
    await till.eventually(async () => (await till.payment(model.orderId)).state === 'captured');
    expect(await hanging()).toBe(HANGING);
    await till.settled();
    for (const { orderId } of orders) expect(await till.payment(orderId)).toMatchObject({ state: 'captured', tries: 1 });
  }, 60_000);
});
