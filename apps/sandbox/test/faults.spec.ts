import Stripe from 'stripe';
import { startSandbox, type SandboxProcess } from '@libs/testing/sandbox-process';
import { call, stripeAt } from './world';

let sandbox: SandboxProcess;
let stripe: Stripe;

beforeEach(async () => {
  sandbox = await startSandbox();
  stripe = stripeAt(sandbox.port);
});
afterEach(() => sandbox.stop());

const fault = (body: object) => call('POST', `${sandbox.url}/control/faults`, body);
/** Of the calls that are not answered; no other is too late, however busy the machine is. */
const brief = { timeout: 1_500 };
const intent = { amount: 1000, currency: 'usd' };
const intents = async () => (await stripe.paymentIntents.list()).data.length;

it('timeout_before: no answer and nothing done; the same key then does it', async () => {
  await fault({ path: '/v1/payment_intents', method: 'POST', mode: 'timeout_before' });
  await expect(stripe.paymentIntents.create(intent, { idempotencyKey: 'k1', ...brief })).rejects.toBeInstanceOf(Stripe.errors.StripeConnectionError);
  expect(await intents()).toBe(0);
  await stripe.paymentIntents.create(intent, { idempotencyKey: 'k1' });
  expect(await intents()).toBe(1);
});

it('timeout_after_apply: no answer but done; the same key tells what was done', async () => {
  await fault({ path: '/v1/payment_intents', method: 'POST', mode: 'timeout_after_apply' });
  await expect(stripe.paymentIntents.create(intent, { idempotencyKey: 'k1', ...brief })).rejects.toBeInstanceOf(Stripe.errors.StripeConnectionError);
  expect(await intents()).toBe(1);
  const { id } = await stripe.paymentIntents.create(intent, { idempotencyKey: 'k1' });
  expect((await stripe.paymentIntents.list()).data.map((one) => one.id)).toEqual([id]);
});

it('conflict_409 and rate_limit_429: refused by the provider itself, nothing done, no key used', async () => {
  await fault({ path: '/v1/payment_intents', mode: 'conflict_409' });
  await fault({ path: '/v1/payment_intents', mode: 'rate_limit_429', afterCalls: 1 });
  const create = () => stripe.paymentIntents.create(intent, { idempotencyKey: 'k1' });
  await expect(create()).rejects.toMatchObject({ statusCode: 409 });
  await expect(create()).rejects.toBeInstanceOf(Stripe.errors.StripeRateLimitError);
  expect((await create()).status).toBe('requires_payment_method');
});

it('strikes the routes that it names, as often as it is told, after the calls that it lets pass', async () => {
  const { id } = await stripe.paymentIntents.create({ ...intent, payment_method: 'pm_card_visa' });
  await fault({ path: '/v1/payment_intents/*/confirm', method: 'POST', mode: 'rate_limit_429', times: 2, afterCalls: 1 });
  const confirm = () => stripe.paymentIntents.confirm(id, {}, { idempotencyKey: 'k1' }).then(({ status }) => status, (error: Stripe.errors.StripeError) => error.statusCode);
  await stripe.paymentIntents.retrieve(id);
  expect([await confirm(), await confirm(), await confirm(), await confirm()]).toEqual(['succeeded', 429, 429, 'succeeded']);
  await fault({ path: '/v1/**', mode: 'conflict_409', times: 100 });
  await expect(stripe.balance.retrieve()).rejects.toMatchObject({ statusCode: 409 });
  await call('DELETE', `${sandbox.url}/control/faults`);
  expect((await stripe.balance.retrieve()).object).toBe('balance');
});

it('a fault that makes no sense is refused', async () => {
  expect((await fault({ path: '/v1/refunds', mode: 'explode' })).status).toBe(400);
  expect((await fault({ path: 'refunds', mode: 'slow' })).status).toBe(400);
  expect((await fault({ path: '/v1/refunds', mode: 'slow', times: 0 })).status).toBe(400);
});

it('requests are listed with their keys and what became of them', async () => {
  await fault({ path: '/v1/customers', mode: 'timeout_after_apply' });
  await stripe.customers.create({}, { idempotencyKey: 'k1', ...brief }).catch(() => undefined);
  await stripe.customers.create({}, { idempotencyKey: 'k1' });
  const { body } = await call('GET', `${sandbox.url}/control/requests?path=/v1/customers&method=POST`);
  expect(body).toMatchObject({
    requests: [
      { method: 'POST', path: '/v1/customers', idempotencyKey: 'k1', status: null, fault: 'timeout_after_apply' },
      { method: 'POST', path: '/v1/customers', idempotencyKey: 'k1', status: 200, fault: null },
    ],
  });
});
