import { Metrics } from '@libs/chassis/metrics';
import { admin, idOf, Till } from './till';

const DAY_MS = 24 * 3_600_000;
const HOUR_MS = 3_600_000;

describe('Refunds and payouts', () => {
  let till: Till;
  beforeAll(async () => {
    till = await Till.open();
  }, 120_000);
  afterAll(() => till?.close());
  afterEach(() => expect(till.complaints()).toEqual([]));

  const refund = (orderId: string, borneByPlatform = false, reason = 'inspection_failed') => till.as('order').refundPayment({ orderId, reason, borneByPlatform });
  const payOut = (orderId: string) => till.as('order').createPayout({ orderId });
  const heldOf = async (orderId: string) => {
    const text = `select b.balance from ledger.balance b join ledger.account a on a.id = b.account_id join payments p on p.order_id = a.owner_id where a.code = 'held' and p.intent_id = $1`;
    const rows = await till.service.sql.query<{ balance: number }>(text, [await intentOf(orderId)]);
    return rows[0]?.balance;
  };
  const intentOf = async (orderId: string) => String((await till.list('payment_intents?limit=100')).find((one) => one['transfer_group'] === orderId)?.['id']);

  it('a refund from the hold gives all of it back, once, and nothing is left to pay out', async () => {
    const order = await till.charged('pm_card_visa');
    await Promise.all([refund(order.orderId), refund(order.orderId)]);
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'refunded' });
    expect(await heldOf(order.orderId)).toBe(0);
    expect(await till.events(order.orderId)).toEqual(['payment.captured', 'payment.refunded']);
    await expect(payOut(order.orderId)).rejects.toMatchObject({ code: 'payment.already_refunded' });
  });

  it('an operator sees why money goes back, each refund once; a reason that is not known is counted as another', async () => {
    const counted = async () => {
      const text = await till.service.app.get(Metrics).text();
      return Object.fromEntries([...text.matchAll(/^refunds_total\{reason="([^"]*)",outcome="succeeded".*\} (\d+)$/gm)].map(([, reason, count]) => [reason, Number(count)]));
    };
    const before = await counted();
    for (const reason of ['did_not_ship', 'a reason of 12 March']) {
      const { orderId } = await till.charged('pm_card_visa');
      await Promise.all([refund(orderId, false, reason), refund(orderId, false, reason)]);
    }
    await till.settled();
    expect(await counted()).toEqual({ ...before, did_not_ship: 1, other: 1 });
  });

  it('nothing is refunded from a hold that has been released', async () => {
    const order = await till.charged('pm_card_bypassPending');
    await payOut(order.orderId);
    await expect(refund(order.orderId)).rejects.toMatchObject({ code: 'payment.already_released' });
    await till.settled();
  });

  it('a refund that the platform bears leaves the seller her payout', async () => {
    const before = await till.balances();
    const order = await till.charged('pm_card_bypassPending');
    await refund(order.orderId, true);
    await payOut(order.orderId);
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'refunded' });
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'in_transit', amount: { minor: 39_600n } });
    const after = await till.balances();
    expect((after['lost_parcel_cost'] ?? 0) - (before['lost_parcel_cost'] ?? 0)).toBe(48_745);
    expect(await heldOf(order.orderId)).toBe(0);
  });

  it('an unpaid order has nothing to refund or to pay out', async () => {
    const order = await till.charged('pm_card_chargeDeclinedExpiredCard');
    await expect(refund(order.orderId)).rejects.toMatchObject({ code: 'payment.not_captured' });
    await expect(payOut(order.orderId)).rejects.toMatchObject({ code: 'payment.not_captured' });
    await expect(payOut(idOf('ord'))).rejects.toMatchObject({ code: 'payment.not_found' });
  });

  it('a refund that the bank sends back is owed again, shown to a person, and sent once more when resumed', async () => {
    const order = await till.charged('pm_card_refundFail');
    await refund(order.orderId);
    await till.settled();
    await till.passes({ hours: 2 }, HOUR_MS);
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'refunding' });
    expect(await heldOf(order.orderId)).toBe(-48_745);
    const task = (await till.tasks()).find(({ orderId }) => orderId === order.orderId);
    expect(task).toMatchObject({ kind: 'failed_refund', detail: 'The refund failed: expired_or_canceled_card.' });
    await till.as(admin).resumeManualTask({ taskId: task?.id ?? '', reason: 'The buyer has a new card.' });
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'refunded' });
    expect(await heldOf(order.orderId)).toBe(0);
  });

  it('a pending refund stays owed until the bank has paid it', async () => {
    const order = await till.charged('pm_card_pendingRefund');
    await refund(order.orderId);
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'refunding' });
    expect(await heldOf(order.orderId)).toBe(-48_745);
    await till.passes({ hours: 2 }, HOUR_MS);
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'refunded' });
    expect(await heldOf(order.orderId)).toBe(0);
  });

  it('money that is not available yet is paid out as soon as it is', async () => {
    const order = await till.charged('pm_card_visa');
    await payOut(order.orderId);
    await till.settled();
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'transferred' });
    await till.passes({ days: 5 }, 6 * HOUR_MS);
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'paid' });
    expect((await till.tasks()).filter(({ orderId }) => orderId === order.orderId)).toEqual([]);
  }, 60_000);

  it('a payout that the bank refuses is shown to a person and goes to the new bank account when resumed', async () => {
    const order = await till.charged('pm_card_bypassPending', { bank: 'btok_us_accountClosed' });
    await payOut(order.orderId);
    await till.passes({ days: 3 }, DAY_MS);
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'failed', failureCode: 'account_closed' });
    const task = (await till.tasks()).find(({ orderId }) => orderId === order.orderId);
    expect(task).toMatchObject({ kind: 'failed_payout' });
    await till.as(order.seller).createPayoutAccount({ bankToken: 'btok_us_verified', country: 'US' });
    await till.as(admin).resumeManualTask({ taskId: task?.id ?? '', reason: 'The seller has a new bank.' });
    await till.passes({ hours: 71 }, 71 * HOUR_MS);
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'transferred' });
    await till.passes({ days: 4 }, DAY_MS);
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'paid' });
    expect(await till.events(order.orderId)).toEqual(['payment.captured', 'payout.released', 'payout.transferred', 'payout.failed', 'payout.paid']);
  }, 60_000);

  it('a changed bank account holds payouts for 72 hours, the first one does not', async () => {
    const order = await till.charged('pm_card_bypassPending');
    await till.as(order.seller).createPayoutAccount({ bankToken: 'btok_us_noAccount', country: 'US' });
    const { heldUntil } = await till.as(order.seller).getPayoutAccount({});
    expect(heldUntil).toBeDefined();
    await payOut(order.orderId);
    await till.settled();
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'held' });
    expect(await heldOf(order.orderId)).toBe(0);
    await till.passes({ hours: 72 }, 24 * HOUR_MS);
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'in_transit' });
    expect((await till.as(order.seller).getPayoutAccount({})).heldUntil).toBeUndefined();
  });

  it('a seller without an account is paid when there is one', async () => {
    const order = await till.order('pm_card_bypassPending');
    const seller = till.user();
    await till.charge({ ...order, seller });
    await till.settled();
    await payOut(order.orderId);
    await till.settled();
    expect(await till.payout(seller, order.orderId)).toMatchObject({ state: 'held' });
    await till.as(seller).createPayoutAccount({ bankToken: 'btok_us_verified', country: 'US' });
    await till.settled();
    expect(await till.payout(seller, order.orderId)).toMatchObject({ state: 'in_transit' });
  });

  it('payouts come in pages, a seller\'s own alone', async () => {
    const seller = till.user();
    const order = await till.order('pm_card_bypassPending');
    await till.as(seller).createPayoutAccount({ bankToken: 'btok_us_verified', country: 'US' });
    const orderIds = [order.orderId, idOf('ord'), idOf('ord')];
    for (const orderId of orderIds) await till.charge({ ...order, orderId, seller });
    await till.settled();
    for (const orderId of orderIds) await payOut(orderId);
    await till.settled();
    const first = await till.as(seller).getPayouts({ limit: 2 });
    const second = await till.as(seller).getPayouts({ limit: 2, cursor: first.nextCursor });
    expect([...first.payouts, ...second.payouts].map(({ orderId }) => orderId)).toEqual([...orderIds].reverse());
    expect(second.nextCursor).toBe('');
    expect((await till.as(till.user()).getPayouts({ payoutId: first.payouts[0]?.id ?? '' })).payouts).toEqual([]);
  });

  it('the books balance, and every line of the provider is a transaction of ours', async () => {
    const balances = await till.balances();
    expect(Object.values(balances).reduce((sum, minor) => sum + minor, 0)).toBe(0);
    const lines = await till.list('balance_transactions?limit=100');
    expect(lines.length).toBeLessThan(100);
    const booked = await till.service.sql.query<{ external_ref: string }>('select external_ref from ledger.txn where external_ref is not null');
    expect(booked.map((row) => row.external_ref).sort()).toEqual(lines.map((line) => String(line['id'])).sort());
    expect(balances['stripe_balance']).toBe(lines.reduce((sum, line) => sum + Number(line['net']), 0));
  });
});
