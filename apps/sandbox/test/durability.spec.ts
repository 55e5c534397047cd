import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startSandbox, type SandboxProcess } from '@libs/testing/sandbox-process';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { DAY, HOUR, advance, buyerWith, call, charge, eventually, quiet, seller, startReceiver, stripeAt } from './world';

let dataDir: string;
let sandbox: SandboxProcess;

beforeEach(async () => {
  dataDir = temporaryFolder('sandbox');
  sandbox = await startSandbox({ dataDir });
});
afterEach(async () => {
  await sandbox.stop();
  rmSync(dataDir, { recursive: true });
});

async function killAndRestart(): Promise<void> {
  await sandbox.kill();
  sandbox = await startSandbox({ dataDir, port: sandbox.port });
}
const key = { idempotencyKey: 'k1' };

it('what was answered is there after SIGKILL: money, keys, clock, faults, shipments on their way', async () => {
  const stripe = stripeAt(sandbox.port);
  const paid = await charge(stripe, await buyerWith(stripe, 'pm_card_visa'));
  const account = await seller(stripe);
  const transfer = await stripe.transfers.create({ amount: 39_600, currency: 'usd', destination: account.id, transfer_group: 'ord_1', source_transaction: typeof paid.latest_charge === 'string' ? paid.latest_charge : (paid.latest_charge?.id ?? '') }, key);
  await advance(sandbox.url, 2 * DAY);
  const payout = await stripe.payouts.create({ amount: 39_600, currency: 'usd' }, { stripeAccount: account.id });
  const { tracking } = (await call<{ tracking: string }>('POST', `${sandbox.url}/carrier/v1/labels`, { reference: 'ord_1', leg: 'inbound', from: {}, to: {} })).body;
  await call('POST', `${sandbox.url}/carrier/v1/shipments/${tracking}/scans`, { kind: 'accepted' });
  await call('POST', `${sandbox.url}/control/faults`, { path: '/v1/refunds', mode: 'rate_limit_429' });
  const books = async () => [await stripe.balance.retrieve(), await stripe.balance.retrieve({}, { stripeAccount: account.id }), await stripe.paymentIntents.retrieve(paid.id)];
  const before = await books();

  await killAndRestart();

  expect(await books()).toEqual(before);
  expect((await call('GET', `${sandbox.url}/clock`)).body).toMatchObject({ offsetMs: 2 * DAY });
  const again = await stripe.transfers.create({ amount: 39_600, currency: 'usd', destination: account.id, transfer_group: 'ord_1', source_transaction: String(transfer.source_transaction) }, key);
  expect(again.id).toBe(transfer.id);
  await expect(stripe.refunds.create({ payment_intent: paid.id })).rejects.toMatchObject({ statusCode: 429 });
  await advance(sandbox.url, 2 * DAY);
  expect((await stripe.payouts.retrieve(payout.id, {}, { stripeAccount: account.id })).status).toBe('paid');
  expect((await call('GET', `${sandbox.url}/carrier/v1/shipments/${tracking}`)).body).toMatchObject({ status: 'delivered' });
});

it('a 500 that was a key\'s answer is still its answer after SIGKILL', async () => {
  const stripe = stripeAt(sandbox.port);
  await call('POST', `${sandbox.url}/control/faults`, { path: '/v1/payment_intents', mode: 'error_500_after_apply' });
  const create = () => stripe.paymentIntents.create({ amount: 1000, currency: 'usd' }, key);
  await expect(create()).rejects.toMatchObject({ statusCode: 500 });
  await killAndRestart();
  await expect(create()).rejects.toMatchObject({ statusCode: 500 });
  expect((await stripe.paymentIntents.list()).data).toHaveLength(1);
});

it('a webhook that was owed before SIGKILL is delivered after it', async () => {
  const stripe = stripeAt(sandbox.port);
  const receiver = await startReceiver();
  receiver.refuse(true);
  const { secret = '' } = await stripe.webhookEndpoints.create({ url: receiver.url, enabled_events: ['customer.created'] });
  const { id } = await stripe.customers.create({});
  await eventually(() => receiver.received.length, (count) => count >= 1);
  await killAndRestart();
  receiver.refuse(false);
  await quiet(sandbox.url);
  const last = receiver.received.at(-1);
  expect(stripe.webhooks.constructEvent(last?.body ?? '', last?.signature ?? '', secret)).toMatchObject({ data: { object: { id } } });
  await receiver.stop();
});

it('of many calls in flight at SIGKILL, every one that was answered is there', async () => {
  const stripe = stripeAt(sandbox.port);
  const answered: string[] = [];
  const work = Promise.all(Array.from({ length: 40 }, async (_unused, worker) => {
    for (let turn = 0; turn < 1_000; turn += 1) {
      const made = await stripe.customers.create({ name: `${worker}/${turn}` }, { maxNetworkRetries: 0 }).catch(() => undefined);
      if (made === undefined) return;
      answered.push(made.id);
    }
  }));
  await eventually(() => answered.length, (count) => count >= 200);
  await sandbox.kill();
  await work;
  sandbox = await startSandbox({ dataDir, port: sandbox.port });
  const kept = new Set((await stripe.customers.list({ limit: 100 }).autoPagingToArray({ limit: 10_000 })).map(({ id }) => id));
  expect(answered.filter((id) => !kept.has(id))).toEqual([]);
});

it('a torn last line is cut off, and the journal goes on behind it', async () => {
  const stripe = stripeAt(sandbox.port);
  const { id } = await stripe.customers.create({});
  await sandbox.kill();
  appendFileSync(join(dataDir, 'journal.ndjson'), '[["customers",{"id":"cus_torn');
  sandbox = await startSandbox({ dataDir, port: sandbox.port });
  const next = await stripe.customers.create({});
  await killAndRestart();
  expect((await stripe.customers.list()).data.map((one) => one.id)).toEqual([next.id, id]);
  expect(readFileSync(join(dataDir, 'journal.ndjson'), 'utf8')).not.toContain('cus_torn');
});

it('a damaged line in the middle stops the start instead of losing what follows', async () => {
  await sandbox.kill();
  appendFileSync(join(dataDir, 'journal.ndjson'), 'rubbish\n[]\n');
  await expect(startSandbox({ dataDir })).rejects.toThrow(/line \d+ of the journal is damaged/);
  const journal = readFileSync(join(dataDir, 'journal.ndjson'), 'utf8').replace('rubbish\n', '');
  rmSync(join(dataDir, 'journal.ndjson'));
  appendFileSync(join(dataDir, 'journal.ndjson'), journal);
  sandbox = await startSandbox({ dataDir });
});

it('the clock goes ahead only, and those who listen hear each change', async () => {
  const answer = await fetch(`${sandbox.url}/clock/changes`);
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const next = async (): Promise<{ offsetMs: number }> => {
    const said = (await reader?.read())?.value ?? 'null';
    return said.trim() === '' ? next() : (JSON.parse(said) as { offsetMs: number });
  };
  expect(await next()).toEqual({ offsetMs: 0 });
  await advance(sandbox.url, HOUR);
  expect(await next()).toEqual({ offsetMs: HOUR });
  expect((await call('POST', `${sandbox.url}/clock/advance`, { ms: -1 })).status).toBe(400);
  expect((await call('GET', `${sandbox.url}/clock`)).body).toMatchObject({ offsetMs: HOUR });
  await reader?.cancel();
});

it('a clock that stands says that it is still there, so that no listener gives it up', async () => {
  const answer = await fetch(`${sandbox.url}/clock/changes`);
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect(JSON.parse((await reader?.read())?.value ?? '')).toMatchObject({ offsetMs: expect.any(Number) });
  expect((await reader?.read())?.value).toMatch(/^\n+$/);
  await reader?.cancel();
});
