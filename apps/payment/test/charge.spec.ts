import { Till } from './till';

describe('Charging a match', () => {
  let till: Till;
  beforeAll(async () => {
    till = await Till.open();
  }, 120_000);
  afterAll(() => till?.close());
  afterEach(() => console.log(till.complaints().join('\n').slice(0, 3000)));

  it('charges once, holds the money, releases it to the seller and pays it out, and the books balance', async () => {
    const order = await till.charged('pm_card_visa');
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured', total: { minor: 48_745n }, payout: { minor: 39_600n }, tries: 1 });
    expect(await till.balances()).toEqual({ stripe_balance: 48_745 - 1_444, processing_cost: 1_444, held: -48_745 });

    await till.passes({ days: 4 }, 24 * 3_600_000);
    await till.as('order').createPayout({ orderId: order.orderId });
    await till.settled();
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'in_transit', amount: { minor: 39_600n } });
    await till.passes({ days: 3 }, 24 * 3_600_000);

    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'paid' });
    const balances = await till.balances();
    expect(balances).toEqual({ stripe_balance: 48_745 - 1_444 - 39_600, processing_cost: 1_444, fee_revenue: -(4_050 + 1_350 + 2_250), shipping_revenue: -1_495 });
    expect(Object.values(balances).reduce((sum, minor) => sum + minor, 0)).toBe(0);
    expect(await till.events(order.orderId)).toEqual(['payment.captured', 'payout.released', 'payout.transferred', 'payout.paid']);
    expect(await till.tasks()).toEqual([]);
  }, 60_000);
});
