import { AppError } from '@libs/kernel/app-error';
import { typeId, uuidOf } from '@libs/kernel/ids';
import { money } from '@libs/kernel/money';
import { Transactions } from '@libs/postgres/transaction';
import { Operations } from '../src/application/ports';
import { Till } from './till';

const DAY_MS = 24 * 3_600_000;
const faults = ['timeout_before', 'timeout_after_apply', 'error_500_after_apply', 'conflict_409', 'rate_limit_429'];
/** It has been done, and the answer says nothing or the contrary. */
const lostAnswers = ['timeout_after_apply', 'error_500_after_apply'];

describe('When the provider\'s answer is lost', () => {
  let till: Till;
  beforeAll(async () => {
    till = await Till.open();
  }, 120_000);
  afterAll(() => till?.close());
  afterEach(() => {
    till.door.isShut = false;
    expect(till.complaints()).toEqual([]);
  });

  const charges = async (orderId: string) => (await till.list('charges?limit=100')).filter((charge) => charge['transfer_group'] === orderId && charge['paid'] === true);

  it.each(faults)('%s while confirming: exactly one charge (L10)', async (mode) => {
    const order = await till.order('pm_card_visa');
    await till.fault('/v1/payment_intents/*/confirm', mode);
    await till.charge(order);
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured', tries: 1 });
    expect(await charges(order.orderId)).toHaveLength(1);
    expect(await till.events(order.orderId)).toEqual(['payment.captured']);
  });

  it.each(lostAnswers)('%s while the intent is made: one intent is charged once (L10)', async (mode) => {
    const order = await till.order('pm_card_visa');
    await till.fault('/v1/payment_intents', mode, 1, { method: 'POST' });
    await till.charge(order);
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured', tries: 1 });
    expect(await charges(order.orderId)).toHaveLength(1);
  });

  it('the same key is sent until the outcome is known, and a new one only afterwards', async () => {
    const order = await till.order('pm_card_chargeDeclinedExpiredCard');
    await till.fault('/v1/payment_intents/*/confirm', 'timeout_before', 2);
    await till.charge(order);
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'action_required', tries: 1 });
    const intentId = await intentOf(order.orderId);
    const keys = (await till.requests('POST', new RegExp(`/v1/payment_intents/${intentId}/confirm`))).map(({ idempotencyKey }) => idempotencyKey);
    expect(keys.length).toBe(3);
    expect(new Set(keys).size).toBe(1);
  });

  it('a decline whose answer was a failure of the provider counts as the try that it was', async () => {
    const order = await till.order('pm_card_chargeDeclinedExpiredCard');
    await till.fault('/v1/payment_intents/*/confirm', 'error_500_after_apply');
    await till.charge(order);
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'action_required', tries: 1, failureCode: 'expired_card' });
  });

  it('no timer fires while a charge\'s outcome is unknown', async () => {
    const order = await till.order('pm_card_visa');
    const fired = () => till.service.sql.query('select 1 from payment_timers where fired_at is not null and order_id = $1', [uuidOf('ord', order.orderId)]);
    till.door.isShut = true;
    await till.fault('/v1/payment_intents/*/confirm', 'timeout_after_apply');
    await till.fault('/v1/payment_intents/*', 'rate_limit_429', 3, { method: 'GET' });
    await till.charge(order);
    await till.eventually(async () => (await till.service.sql.query(`select 1 from payment_op where kind = 'capture' and state = 'unknown'`)).length > 0);
    await till.leaps(3 * 3_600_000);
    await till.eventually(async () => (await till.service.sql.query(`select 1 from payment_op where kind = 'capture' and state = 'unknown' and takes > 2`)).length > 0);
    expect(await fired()).toEqual([]);
    await till.settled();
    till.door.isShut = false;
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured' });
    expect(await till.events(order.orderId)).toEqual(['payment.captured']);
  }, 60_000);

  it.each(faults)('%s while refunding: exactly one refund (L10)', async (mode) => {
    const order = await till.charged('pm_card_visa');
    await till.fault('/v1/refunds', mode, 1, { method: 'POST' });
    await till.as('order').refundPayment({ orderId: order.orderId, reason: 'inspection_failed' });
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'refunded' });
    expect(await till.list(`refunds?payment_intent=${await intentOf(order.orderId)}`)).toHaveLength(1);
    expect(await till.events(order.orderId)).toEqual(['payment.captured', 'payment.refunded']);
  });

  it.each(['timeout_before', ...lostAnswers])('%s while transferring and paying out: one transfer and one payout (L10)', async (mode) => {
    const order = await till.charged('pm_card_bypassPending');
    await till.fault('/v1/transfers', mode, 1, { method: 'POST' });
    await till.fault('/v1/payouts', mode, 1, { method: 'POST' });
    await till.as('order').createPayout({ orderId: order.orderId });
    await till.settled();
    await till.passes({ days: 3 }, DAY_MS);
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'paid' });
    expect(await till.list(`transfers?transfer_group=${order.orderId}`)).toHaveLength(1);
    expect(await till.events(order.orderId)).toEqual(['payment.captured', 'payout.released', 'payout.transferred', 'payout.paid']);
  });

  it.each(lostAnswers)('%s while cancelling: the intent ends with a known result', async (mode) => {
    const order = await till.charged('pm_card_chargeDeclinedExpiredCard');
    await till.fault('/v1/payment_intents/*/cancel', mode);
    await till.as('order').cancelPayment({ orderId: order.orderId });
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'cancelled' });
  });

  it('what a killed process was at work on is free when the next one starts, and what a living one is at work on is left to it', async () => {
    const { app, sql } = till.service;
    const [operations, transactions] = [app.get(Operations, { strict: false }), app.get(Transactions, { strict: false })];
    const order = await till.order('pm_card_visa');
    await till.charge(order);
    await till.settled();
    const id = uuidOf('op', await transactions.run((tx) => operations.plan(tx, { orderId: order.orderId, kind: 'refund', amount: money('USD', 100), delayMs: 3_600_000 })));
    const leased = async (holder: string) => {
      await sql.query(`update payment_op set leased_until = now() + interval '5 minutes', lease_holder = ${holder} where op_id = $1`, [id]);
      await operations.freeLeases([typeId('op', id ?? '')]);
      return (await sql.query('select from payment_op where op_id = $1 and leased_until is not null', [id])).length === 1;
    };
    expect(await leased(`current_setting('application_name')`)).toBe(true);
    expect(await leased(`'pairwise-payment-of-the-dead'`)).toBe(false);
    await sql.query('delete from payment_op where op_id = $1', [id]);
  });

  it('a process that slept while another took its operation up cannot put that off as never sent', async () => {
    const { app, sql } = till.service;
    const [operations, transactions] = [app.get(Operations, { strict: false }), app.get(Transactions, { strict: false })];
    const order = await till.order('pm_card_visa');
    await till.charge(order);
    await till.settled();
    const id = await transactions.run((tx) => operations.plan(tx, { orderId: order.orderId, kind: 'refund', amount: money('USD', 100), delayMs: 3_600_000 }));
    const state = async () => (await operations.find(id))?.state;
    // Taken twice: the first process slept, and the second one is at work on it.
    await sql.query(`update payment_op set state = 'sent', sent_at = now(), takes = 2, leased_until = now() + interval '5 minutes', lease_holder = current_setting('application_name') where op_id = $1`, [uuidOf('op', id)]);
    await operations.defer({ id, takes: 1 }, 'planned', 3_600_000);
    expect(await state()).toBe('sent');
    await operations.defer({ id, takes: 2 }, 'planned', 3_600_000);
    expect(await state()).toBe('planned');
    await sql.query('delete from payment_op where op_id = $1', [uuidOf('op', id)]);
  });

  it.each(['when it is to be put off', 'after it has been taken'])('a charge goes on within seconds of the database, which went away %s', async (moment) => {
    const operations = till.service.app.get(Operations, { strict: false });
    const away = () => Promise.reject(new AppError('unavailable', 'postgres.unavailable', 'The database cannot be reached at the moment.'));
    const order = await till.order('pm_card_visa');
    if (moment === 'after it has been taken') {
      const take = operations.take.bind(operations);
      jest.spyOn(operations, 'take').mockImplementation(async (limit) => {
        const taken = await take(limit);
        if (taken.length === 0) return taken;
        jest.restoreAllMocks();
        return away();
      });
    } else {
      await till.fault('/v1/payment_intents/*/confirm', 'timeout_before');
      jest.spyOn(operations, 'defer').mockImplementationOnce(away);
    }
    await till.charge(order);
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured', tries: 1 });
    expect(await charges(order.orderId)).toHaveLength(1);
    expect(till.complaints()).toHaveLength(1);
    till.service.logs.length = 0;
  }, 60_000);

  it('nothing is forgotten that fails while the rest is given back', async () => {
    const operations = till.service.app.get(Operations, { strict: false });
    const [given, failed] = [gate(), gate()];
    const [freeLeases, away] = [operations.freeLeases.bind(operations), new AppError('unavailable', 'postgres.unavailable', 'The database cannot be reached at the moment.')];
    const orders = [await till.order('pm_card_visa'), await till.order('pm_card_visa')];
    await till.fault('/v1/payment_intents/*/confirm', 'timeout_before', 2);
    jest.spyOn(operations, 'defer').mockRejectedValueOnce(away).mockImplementationOnce(async () => {
      await given.opened;
      setImmediate(failed.open);
      throw away;
    });
    jest.spyOn(operations, 'freeLeases').mockImplementationOnce(async (underWay) => {
      await freeLeases(underWay);
      given.open();
      await failed.opened;
    });
    for (const order of orders) await till.charge(order);
    await till.settled();
    for (const { orderId } of orders) expect(await charges(orderId)).toHaveLength(1);
    jest.restoreAllMocks();
    till.service.logs.length = 0;
  }, 60_000);

  it('the books balance after all of it, and the provider\'s balance is ours', async () => {
    const balances = await till.balances();
    expect(Object.values(balances).reduce((sum, minor) => sum + minor, 0)).toBe(0);
    const lines = await till.list('balance_transactions?limit=100');
    expect(lines.length).toBeLessThan(100);
    expect(balances['stripe_balance']).toBe(lines.reduce((sum, line) => sum + Number(line['net']), 0));
  });

  async function intentOf(orderId: string): Promise<string> {
    const [intent] = (await till.list('payment_intents?limit=100')).filter((one) => one['transfer_group'] === orderId);
    return String(intent?.['id']);
  }
});

function gate(): { open(): void; readonly opened: Promise<void> } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}
