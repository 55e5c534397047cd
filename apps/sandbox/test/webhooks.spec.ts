import Stripe from 'stripe';
import { startSandbox, type SandboxProcess } from '@libs/testing/sandbox-process';
import { DAY, advance, buyerWith, call, charge, eventually, quiet, seller, startReceiver, stripeAt, type Receiver } from './world';

let sandbox: SandboxProcess;
let stripe: Stripe;
let receiver: Receiver;

beforeEach(async () => {
  sandbox = await startSandbox();
  stripe = stripeAt(sandbox.port);
  receiver = await startReceiver();
});
afterEach(async () => {
  await sandbox.stop();
  await receiver.stop();
});

const platform = () => stripe.webhookEndpoints.create({ url: `${receiver.url}/platform`, enabled_events: ['*'], metadata: { owner: 'pairwise' } });
const connect = () => stripe.webhookEndpoints.create({ url: `${receiver.url}/connect`, enabled_events: ['account.updated', 'payout.paid', 'payout.failed'], connect: true });

it('an endpoint\'s secret is told once, at its creation', async () => {
  const made = await platform();
  expect(made.secret).toMatch(/^whsec_/);
  expect((await stripe.webhookEndpoints.list()).data).toMatchObject([{ id: made.id, url: `${receiver.url}/platform`, status: 'enabled', metadata: { owner: 'pairwise' } }]);
  expect((await stripe.webhookEndpoints.retrieve(made.id)).secret).toBeUndefined();
  await stripe.webhookEndpoints.del(made.id);
  expect((await stripe.webhookEndpoints.list()).data).toEqual([]);
});

it('what the SDK verifies is the event, and a wrong secret or a changed body is not', async () => {
  const { secret = '' } = await platform();
  const paid = await charge(stripe, await buyerWith(stripe, 'pm_card_visa'));
  await quiet(sandbox.url);
  const events = receiver.received.map(({ body, signature }) => stripe.webhooks.constructEvent(body, signature, secret));
  const succeeded = events.find(({ type }) => type === 'payment_intent.succeeded');
  expect(succeeded).toMatchObject({ object: 'event', api_version: '2026-10-28.endive', livemode: false, data: { object: { id: paid.id, status: 'succeeded' } } });
  expect(succeeded).not.toHaveProperty('account');
  expect(events.map(({ type }) => type).sort()).toEqual(
    ['charge.succeeded', 'customer.created', 'payment_intent.created', 'payment_intent.succeeded', 'payment_method.attached'],
  );
  const [first] = receiver.received;
  expect(() => stripe.webhooks.constructEvent(first?.body ?? '', first?.signature ?? '', 'whsec_other')).toThrow(Stripe.errors.StripeSignatureVerificationError);
  expect(() => stripe.webhooks.constructEvent(`${first?.body} `, first?.signature ?? '', secret)).toThrow(Stripe.errors.StripeSignatureVerificationError);
});

it('the signature carries the real time of the sending, also when the business clock is far ahead', async () => {
  const { secret = '' } = await platform();
  await advance(sandbox.url, 30 * DAY);
  await stripe.customers.create({});
  await quiet(sandbox.url);
  const [one] = receiver.received;
  expect(stripe.webhooks.constructEvent(one?.body ?? '', one?.signature ?? '', secret, 300).type).toBe('customer.created');
  // The SDK refuses only what is too old; a time that lies ahead must be seen here.
  const realSeconds = (performance.timeOrigin + performance.now()) / 1000;
  expect(Math.abs(Number(/t=(\d+)/.exec(one?.signature ?? '')?.[1]) - realSeconds)).toBeLessThan(60);
});

it('a connect endpoint hears of connected accounts alone, and the platform\'s own of the platform alone', async () => {
  await platform();
  await connect();
  const account = await seller(stripe);
  const paid = await charge(stripe, await buyerWith(stripe, 'pm_card_bypassPending'));
  await stripe.transfers.create({ amount: 39_600, currency: 'usd', destination: account.id, source_transaction: String((paid.latest_charge as Stripe.Charge).id) });
  await stripe.payouts.create({ amount: 39_600, currency: 'usd' }, { stripeAccount: account.id });
  await advance(sandbox.url, 2 * DAY);
  await quiet(sandbox.url);
  const bodies = (path: string) => receiver.received.filter((one) => one.path === path).map(({ body }) => JSON.parse(body) as { type: string; account?: string });
  expect(bodies('/connect').map(({ type, account: who }) => [type, who])).toEqual([['account.updated', account.id], ['payout.paid', account.id]]);
  expect(bodies('/platform').map(({ type }) => type)).toEqual(expect.arrayContaining(['transfer.created', 'payment_intent.succeeded']));
  expect(bodies('/platform').some(({ type }) => type.startsWith('payout.'))).toBe(false);
});

it('an endpoint that fails gets the same event again until it says yes, and it counts as undelivered meanwhile', async () => {
  await platform();
  receiver.refuse(true);
  await stripe.customers.create({});
  await eventually(() => receiver.received.length, (count) => count >= 3);
  expect((await call('GET', `${sandbox.url}/control/activity`)).body).toMatchObject({ pending: 1, webhooks: 1, due: 0 });
  receiver.refuse(false);
  await quiet(sandbox.url);
  expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
});

it('a deleted endpoint is owed nothing', async () => {
  const { id } = await platform();
  receiver.refuse(true);
  await stripe.customers.create({});
  await eventually(() => receiver.received.length, (count) => count >= 1);
  await stripe.webhookEndpoints.del(id);
  await quiet(sandbox.url);
});

it('events can be listed by type, newest first', async () => {
  await stripe.customers.create({ name: 'Ann' });
  await stripe.customers.create({ name: 'Bob' });
  const { data } = await stripe.events.list({ type: 'customer.created', limit: 1 });
  expect(data).toMatchObject([{ type: 'customer.created', data: { object: { name: 'Bob' } } }]);
  expect((await stripe.events.retrieve(data[0]?.id ?? '')).id).toBe(data[0]?.id);
});

it('duplicate_webhooks sends each event of the call five times', async () => {
  await platform();
  await call('POST', `${sandbox.url}/control/faults`, { path: '/v1/customers', method: 'POST', mode: 'duplicate_webhooks' });
  await stripe.customers.create({});
  await stripe.customers.create({});
  await quiet(sandbox.url);
  expect(receiver.received).toHaveLength(6);
});

it('late_webhooks holds the events back until the business clock has passed', async () => {
  await platform();
  await call('POST', `${sandbox.url}/control/faults`, { path: '/v1/customers', mode: 'late_webhooks' });
  await stripe.customers.create({});
  await quiet(sandbox.url);
  expect(receiver.received).toEqual([]);
  await advance(sandbox.url, 3 * DAY);
  await quiet(sandbox.url);
  expect(receiver.types()).toEqual(['customer.created']);
});
