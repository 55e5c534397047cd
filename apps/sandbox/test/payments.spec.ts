import Stripe from 'stripe';
import { startSandbox, type SandboxProcess } from '@libs/testing/sandbox-process';
import { DAY, HOUR, advance, asBrowser, buyerWith, charge, stripeAt } from './world';

let sandbox: SandboxProcess;
let stripe: Stripe;

beforeAll(async () => {
  sandbox = await startSandbox();
  stripe = stripeAt(sandbox.port);
});
afterAll(() => sandbox.stop());

async function refusal(work: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  if (error instanceof Stripe.errors.StripeError) return error;
  throw new Error(`no refusal of the provider: ${String(error)}`);
}

describe('setting up a card', () => {
  async function setUp(card: string) {
    const customer = await stripe.customers.create({});
    const intent = await stripe.setupIntents.create({ customer: customer.id, usage: 'off_session', allowed_payment_method_types: ['card'], metadata: { user: 'usr_1' } });
    const answer = await asBrowser(`${sandbox.url}/v1/setup_intents/${intent.id}/confirm`, intent.client_secret ?? '', { payment_method: card });
    return { customer: customer.id, intent, answer };
  }

  it('one POST of the browser with the client secret attaches the card to the customer', async () => {
    const { customer, intent, answer } = await setUp('pm_card_mastercard');
    expect(answer.status).toBe(200);
    const done = await stripe.setupIntents.retrieve(intent.id);
    expect(done.status).toBe('succeeded');
    const methods = await stripe.customers.listPaymentMethods(customer, { type: 'card' });
    expect(methods.data.map(({ id, card }) => [id, card?.brand, card?.last4])).toEqual([[done.payment_method, 'mastercard', '4444']]);
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: String(done.payment_method) } });
    expect((await stripe.customers.retrieve(customer)) as Stripe.Customer).toMatchObject({ invoice_settings: { default_payment_method: done.payment_method } });
    await stripe.paymentMethods.detach(String(done.payment_method));
    expect((await stripe.paymentMethods.list({ customer })).data).toEqual([]);
    expect((await stripe.customers.retrieve(customer)) as Stripe.Customer).toMatchObject({ invoice_settings: { default_payment_method: null } });
  });

  it('a declined card is refused and not attached', async () => {
    const { customer, intent, answer } = await setUp('pm_card_chargeDeclined');
    expect(answer).toMatchObject({ status: 402, body: { error: { type: 'card_error', code: 'card_declined' } } });
    expect(await stripe.setupIntents.retrieve(intent.id)).toMatchObject({ status: 'requires_payment_method', last_setup_error: { code: 'card_declined' } });
    expect((await stripe.paymentMethods.list({ customer })).data).toEqual([]);
  });

  it('a card that wants its holder waits for the bank\'s window, and then pays without its holder', async () => {
    const { customer, intent, answer } = await setUp('pm_card_authenticationRequiredOnSetup');
    expect(answer.body).toMatchObject({ status: 'requires_action', next_action: { type: 'use_stripe_sdk' } });
    await asBrowser(`${sandbox.url}/v1/setup_intents/${intent.id}/authenticate`, intent.client_secret ?? '');
    const done = await stripe.setupIntents.retrieve(intent.id);
    expect(done.status).toBe('succeeded');
    expect((await charge(stripe, { customer, card: String(done.payment_method) })).status).toBe('succeeded');
  });

  it('a publishable key without the client secret opens nothing', async () => {
    const { intent } = await setUp('pm_card_visa');
    expect((await asBrowser(`${sandbox.url}/v1/setup_intents/${intent.id}/confirm`, 'seti_guess', { payment_method: 'pm_card_visa' })).status).toBe(401);
    expect((await asBrowser(`${sandbox.url}/v1/customers`, intent.client_secret ?? '')).status).toBe(401);
  });
});

describe('charging', () => {
  it('takes the money at once and tells the fee of 2.9 % and 30', async () => {
    const paid = await charge(stripe, await buyerWith(stripe, 'pm_card_visa'));
    expect(paid).toMatchObject({ status: 'succeeded', amount_received: 48_745, transfer_group: 'ord_1', metadata: { order_id: 'ord_1' } });
    const taken = paid.latest_charge as Stripe.Charge;
    expect(taken.balance_transaction).toMatchObject({ type: 'charge', amount: 48_745, fee: 1_444, net: 47_301, status: 'pending', source: taken.id });
    expect((await stripe.charges.list({ transfer_group: 'ord_1' })).data.map(({ id }) => id)).toContain(taken.id);
  });

  it('an intent is made first, confirmed later, and cancelled only while it is open', async () => {
    const buyer = await buyerWith(stripe, 'pm_card_visa');
    const made = await stripe.paymentIntents.create({ amount: 1000, currency: 'usd', customer: buyer.customer, capture_method: 'automatic' });
    expect(made.status).toBe('requires_payment_method');
    const paid = await stripe.paymentIntents.confirm(made.id, { payment_method: buyer.card, off_session: true });
    expect(paid.status).toBe('succeeded');
    expect(await refusal(stripe.paymentIntents.cancel(made.id))).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state', payment_intent: { status: 'succeeded' } });
    const other = await stripe.paymentIntents.create({ amount: 1000, currency: 'usd' });
    expect((await stripe.paymentIntents.cancel(other.id, { cancellation_reason: 'abandoned' })).status).toBe('canceled');
    expect(await refusal(stripe.paymentIntents.confirm(other.id, { payment_method: buyer.card }))).toMatchObject({ code: 'payment_intent_unexpected_state' });
  });

  it.each([
    ['pm_card_chargeCustomerFail', 'card_declined', 'generic_decline'],
    ['pm_card_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'expired_card'],
  ])('%s is attached, and each charge is declined as %s', async (card, code, decline) => {
    const buyer = await buyerWith(stripe, card);
    const error = await refusal(charge(stripe, buyer));
    expect(error).toBeInstanceOf(Stripe.errors.StripeCardError);
    expect(error).toMatchObject({ code, decline_code: decline, payment_intent: { status: 'requires_payment_method', payment_method: null } });
    const intent = await stripe.paymentIntents.retrieve(error.payment_intent?.id ?? '', { expand: ['latest_charge'] });
    expect(intent).toMatchObject({ last_payment_error: { code }, latest_charge: { status: 'failed', paid: false, balance_transaction: null } });
    expect(await refusal(stripe.paymentIntents.confirm(intent.id, { payment_method: buyer.card, off_session: true }))).toMatchObject({ code });
  });

  it('a card that declines its first charge takes the second', async () => {
    const buyer = await buyerWith(stripe, 'pm_card_sandboxDeclinesFirstCharge');
    const error = await refusal(charge(stripe, buyer));
    expect(error.decline_code).toBe('insufficient_funds');
    expect((await stripe.paymentIntents.confirm(error.payment_intent?.id ?? '', { payment_method: buyer.card, off_session: true })).status).toBe('succeeded');
  });

  it('a card that always wants its holder fails without him and succeeds once he has confirmed', async () => {
    const buyer = await buyerWith(stripe, 'pm_card_authenticationRequired');
    const error = await refusal(charge(stripe, buyer));
    expect(error).toMatchObject({ code: 'authentication_required', payment_intent: { status: 'requires_payment_method' } });
    const { id, client_secret } = await stripe.paymentIntents.retrieve(error.payment_intent?.id ?? '');
    const waiting = await asBrowser(`${sandbox.url}/v1/payment_intents/${id}/confirm`, client_secret ?? '', { payment_method: buyer.card });
    expect(waiting).toMatchObject({ status: 200, body: { status: 'requires_action' } });
    await asBrowser(`${sandbox.url}/v1/payment_intents/${id}/authenticate`, client_secret ?? '', { outcome: 'fail' });
    expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({ status: 'requires_payment_method', last_payment_error: { code: 'payment_intent_authentication_failure' } });
    await asBrowser(`${sandbox.url}/v1/payment_intents/${id}/confirm`, client_secret ?? '', { payment_method: buyer.card });
    await asBrowser(`${sandbox.url}/v1/payment_intents/${id}/authenticate`, client_secret ?? '');
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe('succeeded');
  });

  it('a call that is refused half-way leaves nothing behind', async () => {
    const { id } = await stripe.customers.create({});
    const events = async () => (await stripe.events.list({ limit: 1 })).data[0]?.id;
    const before = await events();
    expect(await refusal(stripe.paymentIntents.create({ amount: 1000, currency: 'usd', customer: id, confirm: true }))).toMatchObject({ statusCode: 400 });
    expect((await stripe.paymentIntents.list({ customer: id })).data).toEqual([]);
    expect(await events()).toBe(before);
  });

  it('another customer\'s card, and a card that was taken off, are refused', async () => {
    const [ann, bob] = [await buyerWith(stripe, 'pm_card_visa'), await buyerWith(stripe, 'pm_card_visa')];
    expect(await refusal(charge(stripe, { customer: ann.customer, card: bob.card }))).toMatchObject({ statusCode: 400, param: 'payment_method' });
    await stripe.paymentMethods.detach(bob.card);
    expect(await refusal(charge(stripe, bob))).toMatchObject({ code: 'payment_method_unexpected_state' });
  });

  it('with automatic_async the fee is known an hour later', async () => {
    const buyer = await buyerWith(stripe, 'pm_card_visa');
    const paid = await stripe.paymentIntents.create({ amount: 1000, currency: 'usd', customer: buyer.customer, payment_method: buyer.card, confirm: true, off_session: true });
    const fee = async () => ((await stripe.paymentIntents.retrieve(paid.id, { expand: ['latest_charge.balance_transaction'] })).latest_charge as Stripe.Charge).balance_transaction;
    expect(await fee()).toBeNull();
    await advance(sandbox.url, HOUR);
    expect(await fee()).toMatchObject({ fee: 59 });
  });

  it('intents are found by metadata, by customer, page by page', async () => {
    const buyer = await buyerWith(stripe, 'pm_card_visa');
    for (const order of ['ord_a', 'ord_b', 'ord_c']) await charge(stripe, buyer, 1000, order);
    const found = await stripe.paymentIntents.search({ query: "metadata['order_id']:'ord_b' AND status:'succeeded'" });
    expect(found.data.map(({ transfer_group }) => transfer_group)).toEqual(['ord_b']);
    const first = await stripe.paymentIntents.list({ customer: buyer.customer, limit: 2 });
    expect([first.data.map(({ transfer_group }) => transfer_group), first.has_more]).toEqual([['ord_c', 'ord_b'], true]);
    const rest = await stripe.paymentIntents.list({ customer: buyer.customer, limit: 2, starting_after: first.data[1]?.id ?? '' });
    expect([rest.data.map(({ transfer_group }) => transfer_group), rest.has_more]).toEqual([['ord_a'], false]);
  });
});

describe('refunds', () => {
  it('gives back in parts up to what was paid, and keeps the fee', async () => {
    const paid = await charge(stripe, await buyerWith(stripe, 'pm_card_visa'), 10_000, 'ord_refund');
    const part = await stripe.refunds.create({ payment_intent: paid.id, amount: 4_000, reason: 'requested_by_customer', expand: ['balance_transaction'] });
    expect(part).toMatchObject({ status: 'succeeded', amount: 4_000, balance_transaction: { type: 'refund', amount: -4_000, fee: 0 } });
    expect(await refusal(stripe.refunds.create({ payment_intent: paid.id, amount: 6_001 }))).toMatchObject({ statusCode: 400, param: 'amount' });
    await stripe.refunds.create({ payment_intent: paid.id });
    expect(await refusal(stripe.refunds.create({ payment_intent: paid.id }))).toMatchObject({ code: 'charge_already_refunded' });
    expect((await stripe.refunds.list({ payment_intent: paid.id })).data.map(({ amount }) => amount)).toEqual([6_000, 4_000]);
    expect(await stripe.charges.retrieve((paid.latest_charge as Stripe.Charge).id)).toMatchObject({ refunded: true, amount_refunded: 10_000 });
  });

  it('a refund that the bank sends back is failed an hour later, and the money is on the balance again', async () => {
    const paid = await charge(stripe, await buyerWith(stripe, 'pm_card_refundFail'), 5_000);
    const refund = await stripe.refunds.create({ payment_intent: paid.id });
    expect(refund.status).toBe('succeeded');
    await advance(sandbox.url, HOUR);
    const failed = await stripe.refunds.retrieve(refund.id, { expand: ['failure_balance_transaction'] });
    expect(failed).toMatchObject({ status: 'failed', failure_reason: 'expired_or_canceled_card', failure_balance_transaction: { type: 'refund_failure', amount: 5_000 } });
    expect(await stripe.charges.retrieve((paid.latest_charge as Stripe.Charge).id)).toMatchObject({ refunded: false, amount_refunded: 0 });
  });

  it('a pending refund goes through an hour later', async () => {
    const paid = await charge(stripe, await buyerWith(stripe, 'pm_card_pendingRefund'), 5_000);
    const refund = await stripe.refunds.create({ payment_intent: paid.id });
    expect(refund.status).toBe('pending');
    await advance(sandbox.url, HOUR);
    expect((await stripe.refunds.retrieve(refund.id)).status).toBe('succeeded');
  });

  it('an unpaid intent has nothing to give back', async () => {
    const open = await stripe.paymentIntents.create({ amount: 1000, currency: 'usd' });
    expect(await refusal(stripe.refunds.create({ payment_intent: open.id }))).toMatchObject({ code: 'payment_intent_unexpected_state' });
  });
});

it('a disputed charge takes money and fee away, and winning brings both back', async () => {
  const paid = await charge(stripe, await buyerWith(stripe, 'pm_card_createDispute'), 9_000);
  const [dispute] = (await stripe.disputes.list({ payment_intent: paid.id })).data;
  expect(dispute).toMatchObject({ status: 'needs_response', amount: 9_000, balance_transactions: [{ amount: -9_000, fee: 1_500, net: -10_500 }] });
  expect(await refusal(stripe.refunds.create({ payment_intent: paid.id }))).toMatchObject({ code: 'charge_disputed' });
  const won = await stripe.disputes.update(dispute?.id ?? '', { evidence: { uncategorized_text: 'winning_evidence' } });
  expect(won).toMatchObject({ status: 'won', balance_transactions: [{ net: -10_500 }, { net: 10_500 }] });
});

describe('what the provider does not accept', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['an unknown parameter', { amount: 100, currency: 'usd', colour: 'red' }, { code: 'parameter_unknown', param: 'colour' }],
    ['a missing amount', { currency: 'usd' }, { code: 'parameter_missing', param: 'amount' }],
    ['a fraction', { amount: 10.5, currency: 'usd' }, { code: 'parameter_invalid_integer', param: 'amount' }],
    ['nothing', { amount: 0, currency: 'usd' }, { code: 'parameter_invalid_integer', param: 'amount' }],
    ['less than nothing', { amount: -100, currency: 'usd' }, { code: 'parameter_invalid_integer', param: 'amount' }],
    ['too little', { amount: 49, currency: 'usd' }, { code: 'amount_too_small' }],
    ['too much', { amount: 100_000_000, currency: 'usd' }, { code: 'amount_too_large' }],
    ['an unknown customer', { amount: 100, currency: 'usd', customer: 'cus_x' }, { code: 'resource_missing', param: 'customer' }],
  ])('%s', async (_what, body, expected) => {
    // The SDK's types forbid some of these; the provider must refuse them by itself.
    const error = await refusal(stripe.paymentIntents.create(body as unknown as Stripe.PaymentIntentCreateParams));
    expect(error).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError);
    expect(error).toMatchObject(expected);
  });

  it('no key, another\'s key, an unknown object, an unknown path', async () => {
    const answer = await fetch(`${sandbox.url}/v1/balance`);
    expect(answer.status).toBe(401);
    const live = new Stripe('sk_live_x', { host: '127.0.0.1', port: sandbox.port, protocol: 'http', maxNetworkRetries: 0 });
    expect(await refusal(live.balance.retrieve())).toBeInstanceOf(Stripe.errors.StripeAuthenticationError);
    expect(await refusal(stripe.paymentIntents.retrieve('pi_x'))).toMatchObject({ statusCode: 404, code: 'resource_missing' });
    expect(await refusal(stripe.subscriptions.list())).toMatchObject({ statusCode: 404 });
  });
});

it('the balance is pending for two days, then available', async () => {
  const own = await startSandbox();
  try {
    const there = stripeAt(own.port);
    await charge(there, await buyerWith(there, 'pm_card_visa'), 10_000);
    await charge(there, await buyerWith(there, 'pm_card_bypassPending'), 1_000);
    expect(await there.balance.retrieve()).toMatchObject({ available: [{ amount: 941 }], pending: [{ amount: 9_680 }] });
    await advance(own.url, 2 * DAY);
    expect(await there.balance.retrieve()).toMatchObject({ available: [{ amount: 10_621 }], pending: [{ amount: 0 }] });
    expect((await there.balanceTransactions.list({ type: 'charge' })).data.map(({ net, status }) => [net, status])).toEqual([[941, 'available'], [9_680, 'available']]);
  } finally {
    await own.stop();
  }
});
