import { uuidOf } from '@libs/kernel/ids';
import { Transactions } from '@libs/postgres/transaction';
import { Till, admin, type Order } from './till';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What one payment has like another. */
const columns = `buyer_id, seller_id, currency, price_minor, total_minor, payout_minor, buyer_lines, seller_lines, buyer_schedule_id, seller_schedule_id, payment_method_id, recover_until`;

describe('When things come late, twice, or are turned away', () => {
  let till: Till;
  beforeAll(async () => {
    till = await Till.open();
  }, 120_000);
  afterAll(() => till?.close());

  const intentOf = async (orderId: string) => String((await till.list('payment_intents?limit=100')).find((one) => one['transfer_group'] === orderId)?.['id']);
  const charges = async (orderId: string) => (await till.list('charges?limit=100')).filter((charge) => charge['transfer_group'] === orderId && charge['paid'] === true);
  const openOperations = (kind: string, states: string[]) => till.service.sql.query<{ order_id: string; takes: number }>('select * from payment_op where kind = $1 and state = any ($2)', [kind, states]);

  /** As the buyer's own client pays, which still has the secret of the intent. */
  async function paysAtTheProvider({ orderId, buyer }: Order, card: string): Promise<void> {
    const cardId = await till.addCard(buyer, card);
    const [row] = await till.service.sql.query<{ psp_id: string }>('select psp_id from payment_methods where user_id = (select user_id from payment_methods order by verified_at desc limit 1) order by verified_at desc limit 1');
    expect(cardId).toBeDefined();
    const { payment } = await till.as(buyer).getPayment({ orderId });
    await till.stripe(`payment_intents/${await intentOf(orderId)}/confirm`, { client_secret: payment?.clientSecret ?? '', payment_method: row?.psp_id ?? '' });
  }

  /** Nobody reads a card until they are opened again. */
  async function shutTheCards(): Promise<{ open(): Promise<void> }> {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    let locked: Promise<void> = Promise.resolve();
    await new Promise<void>((isShut) => {
      locked = till.service.app.get(Transactions).run(async (tx) => {
        await till.service.sql.in(tx).query('lock table payment_methods in access exclusive mode');
        isShut();
        await opened;
      });
    });
    return {
      open: () => {
        open();
        return locked;
      },
    };
  }

  it('paid by the client after the third decline, before the charge has ended: the order is paid, booked and announced once', async () => {
    const order = await till.charged('pm_card_chargeCustomerFail');
    await till.as(order.buyer).recoverPayment({ orderId: order.orderId, idempotencyKey: 'second' });
    await till.settled();
    await till.fault(`/v1/payment_intents/${await intentOf(order.orderId)}/cancel`, 'rate_limit_429', 6);
    await till.as(order.buyer).recoverPayment({ orderId: order.orderId, idempotencyKey: 'third' });
    await till.eventually(async () => (await till.service.sql.query(`select 1 from payments where state = 'giving_up' and tries = 3`)).length === 1);
    await paysAtTheProvider(order, 'pm_card_visa');
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured', tries: 3 });
    expect(await till.balances()).toMatchObject({ held: -48_745 });
    expect((await till.events(order.orderId)).filter((name) => name !== 'payment.action_required')).toEqual(['payment.captured']);
  }, 60_000);

  it('a timer fires though a hundred older ones wait for operations of unknown outcome', async () => {
    const order = await till.charged('pm_card_chargeDeclinedExpiredCard');
    await till.service.sql.query(`insert into payments (id, order_id, state, ${columns})
      select gen_random_uuid(), gen_random_uuid(), 'processing', ${columns} from payments, generate_series(1, 100) where order_id = $1`, [uuidOf('ord', order.orderId)]);
    await till.service.sql.query(`insert into payment_op (op_id, order_id, kind, attempt, amount, currency, state, request_hash, next_at)
      select gen_random_uuid(), order_id, 'capture', 1, 100, 'USD', 'unknown', '\\x00', now() + interval '1 hour' from payments where state = 'processing'`);
    await till.service.sql.query(`insert into payment_timers (order_id, kind, due_at) select order_id, 'give_up', recover_until - interval '1 minute' from payments where state = 'processing'`);
    await till.leaps(2 * HOUR_MS);
    await till.eventually(async () => (await till.payment(order.orderId)).state === 'failed');
    const ofThem = `where order_id in (select order_id from payments where state = 'processing')`;
    for (const table of ['payment_timers', 'payment_op', 'payments']) await till.service.sql.query(`delete from ${table} ${ofThem}`);
  }, 60_000);

  it('a payout is carried on though more than a batch of older ones fails again and again, and is sent once', async () => {
    const order = await till.charged('pm_card_bypassPending');
    const { seller } = await till.order('pm_card_bypassPending');
    const sent = async () => (await till.requests('POST', /^\/v1\/(transfers|payouts)$/)).length;
    // Payouts of the past that our own rules refuse whenever they are looked at: each is of more than can be counted.
    const failing = `'00000000-0000-7000-8000-%'`;
    await till.service.sql.query(`insert into payments (id, order_id, state, ${columns})
      select gen_random_uuid(), ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'captured', ${columns} from payments, generate_series(1, 120) n where order_id = $1`, [uuidOf('ord', order.orderId)]);
    await till.service.sql.query(`insert into payouts (id, order_id, seller_id, amount_minor, currency, state, created_at)
      select order_id, order_id, $1, 9007199254740993, currency, 'held', now() from payments where order_id::text like ${failing}`, [uuidOf('usr', seller.id)]);
    const sentBefore = await sent();
    await till.as(order.seller).createPayoutAccount({ bankToken: 'btok_us_noAccount', country: 'US' });
    await till.as('order').createPayout({ orderId: order.orderId });
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'held' });
    await till.leaps(72 * HOUR_MS);
    await till.eventually(async () => (await till.payout(order.seller, order.orderId))?.state === 'in_transit');
    expect(await sent() - sentBefore).toBe(2);
    for (const table of ['payouts', 'payments']) await till.service.sql.query(`delete from ${table} where order_id::text like ${failing}`);
  }, 60_000);

  it('a message that cannot be worked off does not keep the later ones waiting, and a person hears of it', async () => {
    const order = await till.charged('pm_card_authenticationRequired');
    // A message of the past that our own rules refuse whenever it is looked at: its intent belongs to a payment that has no bill.
    const poisoned = await till.charged('pm_card_authenticationRequired');
    const intentId = await intentOf(poisoned.orderId);
    await till.service.sql.query(`update payments set buyer_lines = '"none"'::jsonb where intent_id = $1`, [intentId]);
    await till.service.sql.query(`insert into psp_event (event_id, endpoint, type, object_id, created, raw_sha256, received_at) values ('evt_poisoned', 'platform', 'payment_intent.canceled', $1, now(), '\\x00', now() - interval '1 day')`, [intentId]);
    await till.stripe(`payment_intents/${intentId}/cancel`, {});
    await paysAtTheProvider(order, 'pm_card_visa');
    await till.eventually(async () => (await till.payment(order.orderId)).state === 'captured');
    const [row] = await till.service.sql.query<{ attempts: number }>(`select attempts from psp_event where event_id = 'evt_poisoned' and applied_at is null`);
    expect(row?.attempts).toBeGreaterThan(0);
    expect(till.complaints().join()).toContain('evt_poisoned');

    await till.service.sql.query(`update psp_event set attempts = 20, next_at = now() where event_id = 'evt_poisoned'`);
    await till.eventually(async () => (await till.tasks()).some(({ kind, detail }) => kind === 'stuck_work' && detail.startsWith('message evt_poisoned ')));
    await till.service.sql.query(`update payments set buyer_lines = seller_lines where intent_id = $1`, [intentId]);
    for (const task of (await till.tasks()).filter(({ kind }) => kind === 'stuck_work')) await till.as(admin).resumeManualTask({ taskId: task.id, reason: 'The bill is there again.' });
    await till.settled();
    expect(await till.payment(poisoned.orderId)).toMatchObject({ state: 'failed' });
    expect((await till.tasks()).filter(({ kind }) => kind === 'stuck_work')).toEqual([]);
  }, 60_000);

  it('a payout that was planned before the bank account changed waits for 72 hours, and is paid then', async () => {
    const order = await till.charged('pm_card_bypassPending');
    await till.fault('/v1/payouts', 'rate_limit_429', 6, { method: 'POST' });
    await till.as('order').createPayout({ orderId: order.orderId });
    await till.eventually(async () => (await openOperations('payout', ['planned'])).some(({ takes }) => takes > 0));
    await till.as(order.seller).createPayoutAccount({ bankToken: 'btok_us_noAccount', country: 'US' });
    await till.settled();
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'transferred' });
    await till.passes({ hours: 71 }, 71 * HOUR_MS);
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'transferred' });
    await till.passes({ hours: 1 }, HOUR_MS);
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'in_transit' });
    expect((await till.tasks()).filter(({ orderId }) => orderId === order.orderId)).toEqual([]);
  }, 60_000);

  it('a bank change whose answer is lost holds payouts like any other', async () => {
    const order = await till.charged('pm_card_bypassPending');
    till.door.isShut = true;
    await till.fault('/v1/accounts/*/external_accounts', 'timeout_after_apply', 1, { method: 'POST' });
    await till.fault('/v1/accounts/*', 'rate_limit_429', 1, { method: 'GET' });
    await expect(till.as(order.seller).createPayoutAccount({ bankToken: 'btok_us_noAccount', country: 'US' })).rejects.toMatchObject({ code: 'payment.provider_unavailable' });
    expect((await till.as(order.seller).getPayoutAccount({})).heldUntil).toBeDefined();
    await till.as('order').createPayout({ orderId: order.orderId });
    await till.settled();
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'held' });
    // Asked again under the same key, the provider has one new bank account, not two.
    expect(await till.as(order.seller).createPayoutAccount({ bankToken: 'btok_us_noAccount', country: 'US' })).toMatchObject({ bankLast4: '1116' });
    till.door.isShut = false;
    await till.settled();
    await till.passes({ hours: 71 }, 71 * HOUR_MS);
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'held' });
    await till.passes({ hours: 1 }, HOUR_MS);
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'in_transit' });
  }, 60_000);

  it('a bank change that was lost on the way is found by looking, and a refused one holds nothing', async () => {
    const seller = till.user();
    await till.as(seller).createPayoutAccount({ bankToken: 'btok_us_verified', country: 'US' });
    await expect(till.as(seller).createPayoutAccount({ bankToken: 'btok_of_nobody', country: 'US' })).rejects.toMatchObject({ code: 'payment.bank_account_refused' });
    expect((await till.as(seller).getPayoutAccount({})).heldUntil).toBeUndefined();
    await till.fault('/v1/accounts/*/external_accounts', 'timeout_after_apply', 1, { method: 'POST' });
    expect(await till.as(seller).createPayoutAccount({ bankToken: 'btok_us_noAccount', country: 'US' })).toMatchObject({ bankLast4: '1116' });
    await till.settled();
    expect((await till.as(seller).getPayoutAccount({})).heldUntil).toBeDefined();
    expect((await till.service.publishedOf('payout_account.changed')).filter(({ event }) => event.userId === seller.id)).toHaveLength(1);
  }, 60_000);

  it('a payout account whose making was never answered is known from the provider\'s message', async () => {
    const seller = till.user();
    await till.fault('/v1/accounts', 'timeout_after_apply', 1, { method: 'POST' });
    await expect(till.as(seller).createPayoutAccount({ bankToken: 'btok_us_verified', country: 'US' })).rejects.toMatchObject({ code: 'payment.provider_unavailable' });
    await till.settled();
    expect(await till.as(seller).getPayoutAccount({})).toMatchObject({ exists: true, enabled: true });
    await till.as(seller).createPayoutAccount({ bankToken: 'btok_us_verified', country: 'US' });
    expect((await till.as(seller).getPayoutAccount({})).heldUntil).toBeUndefined();
  });

  it('a charge that the provider turns away unread for an hour is shown to a person', async () => {
    const order = await till.order('pm_card_visa');
    await till.fault('/v1/payment_intents/*/confirm', 'rate_limit_429', 6);
    await till.charge(order);
    await till.eventually(async () => (await till.service.sql.query(`update payment_op set planned_at = now() - interval '61 minutes' where kind = 'capture' and state = 'planned' and takes > 0 returning 1`)).length > 0);
    await till.eventually(async () => (await till.tasks()).some(({ kind, orderId }) => kind === 'unknown_operation' && orderId === order.orderId));
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured' });
    expect((await till.tasks()).filter(({ orderId }) => orderId === order.orderId)).toEqual([]);
  }, 60_000);

  it('a charge that was not taken for an hour and is cancelled then is nobody\'s task any more', async () => {
    const order = await till.order('pm_card_visa');
    await till.fault('/v1/payment_intents/*/confirm', 'rate_limit_429');
    await till.charge(order);
    const turnedAway = `kind = 'capture' and state = 'planned' and takes > 0`;
    await till.eventually(async () => (await till.service.sql.query(`update payment_op set planned_at = now() - interval '61 minutes', next_at = now() + interval '1 hour' where ${turnedAway} returning 1`)).length > 0);
    const tasks = async () => (await till.tasks()).filter(({ orderId }) => orderId === order.orderId);
    await till.eventually(async () => (await tasks()).length > 0);
    await till.as('order').cancelPayment({ orderId: order.orderId });
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'cancelled' });
    expect(await tasks()).toEqual([]);
  }, 60_000);

  it('a charge that was turned away unread while it was being cancelled is not sent again', async () => {
    const order = await till.order('pm_card_visa');
    await till.settled();
    await till.fault('/v1/payment_intents/*/confirm', 'rate_limit_429');
    // The charge stands still between its being taken and its being sent, as long as nobody may read the cards.
    const cards = await shutTheCards();
    await till.charge(order);
    await till.eventually(async () => (await openOperations('capture', ['sent'])).length === 1);
    await till.as('order').cancelPayment({ orderId: order.orderId });
    await cards.open();
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'cancelled' });
    expect(await charges(order.orderId)).toEqual([]);
    expect(await till.events(order.orderId)).toEqual(['payment.failed']);
  });

  it('a cancelled charge is announced as such, whatever the card was declined for before', async () => {
    const order = await till.charged('pm_card_chargeDeclinedExpiredCard');
    await till.as('order').cancelPayment({ orderId: order.orderId });
    await till.settled();
    const failed = (await till.service.publishedOf('payment.failed')).filter(({ event }) => event.orderId === order.orderId);
    expect(failed.map(({ event }) => event.failureCode)).toEqual(['cancelled']);
  });

  it('the books balance after all of it', async () => {
    await till.passes({ days: 1 }, DAY_MS);
    expect(Object.values(await till.balances()).reduce((sum, minor) => sum + minor, 0)).toBe(0);
  });
});
