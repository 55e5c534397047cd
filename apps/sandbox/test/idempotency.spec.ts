import { rmSync } from 'node:fs';
import Stripe from 'stripe';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { startSandbox, type Sandbox } from '../src/start-sandbox';
import { advance, call, eventually, seller, stripeAt, DAY } from './world';

let sandbox: Sandbox;
let stripe: Stripe;
let dataDir: string;
let wallMs: number;

beforeEach(async () => {
  dataDir = temporaryFolder('sandbox');
  wallMs = Date.UTC(2026, 10, 20);
  const fail = (error: unknown) => {
    throw error;
  };
  sandbox = await startSandbox({ port: 0, dataDir, wall: { now: () => new Date(wallMs) }, onError: fail, onFatal: fail });
  stripe = stripeAt(sandbox.port);
});
afterEach(async () => {
  await sandbox.stop();
  rmSync(dataDir, { recursive: true });
});

const intent = { amount: 1000, currency: 'usd' };
const withKey = (idempotencyKey: string) => ({ idempotencyKey });
const intents = async () => (await stripe.paymentIntents.list()).data.length;
const fault = (mode: string, path: string, more: object = {}) => call('POST', `${sandbox.url}/control/faults`, { path, mode, ...more });

it('the same key gives the first answer again and does nothing', async () => {
  const first = await stripe.paymentIntents.create(intent, withKey('k1'));
  const second = await stripe.paymentIntents.create({ currency: 'usd', amount: 1000 }, withKey('k1'));
  expect(second).toEqual(first);
  expect(second.lastResponse.headers['idempotent-replayed']).toBe('true');
  expect(await intents()).toBe(1);
});

it('the same key with other parameters, or on another route, is an error', async () => {
  await stripe.paymentIntents.create(intent, withKey('k1'));
  await expect(stripe.paymentIntents.create({ ...intent, amount: 1001 }, withKey('k1'))).rejects.toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
  await expect(stripe.customers.create({}, withKey('k1'))).rejects.toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
});

it('keys belong to the account', async () => {
  const account = await seller(stripe);
  const ours = await stripe.customers.create({}, withKey('k1'));
  const theirs = await stripe.customers.create({}, { ...withKey('k1'), stripeAccount: account.id });
  expect(theirs.id).not.toBe(ours.id);
});

it('a decline is the key\'s answer too', async () => {
  const decline = () => stripe.paymentIntents.create({ ...intent, payment_method: 'pm_card_sandboxDeclinesFirstCharge', confirm: true }, withKey('k1')).catch((error: Stripe.errors.StripeError) => error.payment_intent?.id);
  const first = await decline();
  expect(first).toMatch(/^pi_/);
  expect(await decline()).toBe(first);
  expect(await intents()).toBe(1);
});

it('a refusal by the state is the key\'s answer, also when the state has changed', async () => {
  const open = await stripe.paymentIntents.create(intent);
  const confirm = () => stripe.paymentIntents.confirm(open.id, {}, withKey('k1'));
  await expect(confirm()).rejects.toMatchObject({ statusCode: 400 });
  await stripe.paymentIntents.update(open.id, { payment_method: 'pm_card_visa' });
  await expect(confirm()).rejects.toMatchObject({ statusCode: 400 });
  expect((await stripe.paymentIntents.confirm(open.id, {}, withKey('k2'))).status).toBe('succeeded');
});

it('wrong parameters use up no key', async () => {
  await expect(stripe.paymentIntents.create({ ...intent, amount: -1 }, withKey('k1'))).rejects.toMatchObject({ code: 'parameter_invalid_integer' });
  expect((await stripe.paymentIntents.create(intent, withKey('k1'))).amount).toBe(1000);
});

it('a 500 after the work is kept as the key\'s answer, and the work is done', async () => {
  await fault('error_500_after_apply', '/v1/payment_intents');
  for (let tries = 0; tries < 3; tries += 1) await expect(stripe.paymentIntents.create(intent, withKey('k1'))).rejects.toMatchObject({ statusCode: 500 });
  expect(await intents()).toBe(1);
});

it('while the first call of a key is under way, the second is told so, and the key is free for its answer afterwards', async () => {
  await fault('slow', '/v1/payment_intents', { delayMs: 4_000 });
  const first = stripe.paymentIntents.create(intent, withKey('k1'));
  await eventually(async () => (await call<{ requests: unknown[] }>('GET', `${sandbox.url}/control/requests?path=/v1/payment_intents`)).body.requests.length, (seen) => seen === 1);
  await expect(stripe.paymentIntents.create(intent, withKey('k1'))).rejects.toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
  const { id } = await first;
  expect((await stripe.paymentIntents.create(intent, withKey('k1'))).id).toBe(id);
});

it('a key lives for 24 hours of real time, whatever the business clock says', async () => {
  const { id } = await stripe.customers.create({}, withKey('k1'));
  await advance(sandbox.url, 30 * DAY);
  wallMs += DAY - 1;
  expect((await stripe.customers.create({}, withKey('k1'))).id).toBe(id);
  wallMs += 1;
  expect((await stripe.customers.create({}, withKey('k1'))).id).not.toBe(id);
});
