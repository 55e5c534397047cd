import Stripe from 'stripe';
import { startSandbox, type SandboxProcess } from '@libs/testing/sandbox-process';
import { DAY, advance, buyerWith, call, charge, seller, stripeAt } from './world';

let sandbox: SandboxProcess;
let stripe: Stripe;

beforeAll(async () => {
  sandbox = await startSandbox();
  stripe = stripeAt(sandbox.port);
});
afterAll(() => sandbox.stop());

async function paidSale(group: string) {
  const paid = await charge(stripe, await buyerWith(stripe, 'pm_card_visa'), 48_745, group);
  return { charge: (paid.latest_charge as Stripe.Charge).id, group };
}

async function sellerWith39600(group: string, bank?: string) {
  const [account, sale] = [await seller(stripe, bank), await paidSale(group)];
  const transfer = await stripe.transfers.create({ amount: 39_600, currency: 'usd', destination: account.id, source_transaction: sale.charge, transfer_group: group });
  return { account, transfer, sale };
}

const available = async (account: string) => (await stripe.balance.retrieve({}, { stripeAccount: account })).available[0]?.amount;

describe('accounts', () => {
  it('an account with a good bank account can receive transfers and payouts', async () => {
    const account = await seller(stripe);
    expect(account).toMatchObject({ type: 'custom', payouts_enabled: true, capabilities: { transfers: 'active' }, requirements: { currently_due: [] } });
    expect(account.external_accounts?.data).toMatchObject([{ object: 'bank_account', last4: '6789', status: 'verified' }]);
  });

  it('without a bank account there are no payouts, and adding one changes that', async () => {
    const account = await stripe.accounts.create({ type: 'express', capabilities: { transfers: { requested: true } } });
    expect(account).toMatchObject({ payouts_enabled: false, requirements: { currently_due: ['external_account'] } });
    const updated = await stripe.accounts.update(account.id, { external_account: 'btok_us_verified' });
    expect(updated.payouts_enabled).toBe(true);
    await stripe.accounts.update(account.id, { external_account: { object: 'bank_account', country: 'US', currency: 'usd', account_number: '000111111113', routing_number: '110000000' } });
    expect((await stripe.accounts.listExternalAccounts(account.id)).data).toMatchObject([{ last4: '1113' }]);
  });

  it('a bank token that does not exist is refused', async () => {
    await expect(seller(stripe, 'btok_us_invalid')).rejects.toMatchObject({ statusCode: 404, code: 'resource_missing', param: 'external_account' });
  });

  it('an account that is not there is refused as a caller', async () => {
    await expect(stripe.balance.retrieve({}, { stripeAccount: 'acct_nobody' })).rejects.toMatchObject({ statusCode: 403, code: 'account_invalid' });
  });
});

describe('transfers', () => {
  it('draws on the charge before its money is available, and the seller has it two days later', async () => {
    const { account, transfer, sale } = await sellerWith39600('ord_t1');
    expect(transfer).toMatchObject({ amount: 39_600, source_transaction: sale.charge, transfer_group: 'ord_t1', reversed: false, reversals: { data: [] } });
    expect(await available(account.id)).toBe(0);
    await advance(sandbox.url, 2 * DAY);
    expect(await available(account.id)).toBe(39_600);
    expect((await stripe.transfers.list({ transfer_group: 'ord_t1' })).data.map(({ id }) => id)).toEqual([transfer.id]);
    const lines = await stripe.balanceTransactions.list({ source: transfer.id });
    expect(lines.data).toMatchObject([{ type: 'transfer', amount: -39_600, fee: 0 }]);
  });

  it('never moves more than the charge, however it is split', async () => {
    const { account, sale } = await sellerWith39600('ord_t2');
    const more = { currency: 'usd', destination: account.id, source_transaction: sale.charge };
    await expect(stripe.transfers.create({ ...more, amount: 9_146 })).rejects.toMatchObject({ statusCode: 400 });
    expect((await stripe.transfers.create({ ...more, amount: 9_145 })).transfer_group).toBe('ord_t2');
  });

  it('without a charge the platform must have the money available', async () => {
    const own = await startSandbox();
    try {
      const there = stripeAt(own.port);
      const account = await seller(there);
      await charge(there, await buyerWith(there, 'pm_card_visa'), 10_000);
      const plain = { amount: 5_000, currency: 'usd', destination: account.id };
      await expect(there.transfers.create(plain)).rejects.toMatchObject({ code: 'balance_insufficient' });
      await advance(own.url, 2 * DAY);
      expect((await there.transfers.create(plain)).source_transaction).toBeNull();
    } finally {
      await own.stop();
    }
  });

  it('needs an account that may receive', async () => {
    const account = await stripe.accounts.create({ type: 'custom', country: 'US' });
    await expect(stripe.transfers.create({ amount: 1, currency: 'usd', destination: account.id })).rejects.toMatchObject({ code: 'insufficient_capabilities_for_transfer' });
    await expect(stripe.transfers.create({ amount: 1, currency: 'usd', destination: 'acct_x' })).rejects.toMatchObject({ code: 'resource_missing' });
  });

  it('is taken back in parts, not beyond its amount, and not when the seller has spent it', async () => {
    const { account, transfer } = await sellerWith39600('ord_t3');
    await stripe.transfers.createReversal(transfer.id, { amount: 600 });
    expect(await stripe.transfers.retrieve(transfer.id)).toMatchObject({ amount_reversed: 600, reversed: false, reversals: { data: [{ amount: 600 }] } });
    await expect(stripe.transfers.createReversal(transfer.id, { amount: 39_001 })).rejects.toMatchObject({ statusCode: 400, param: 'amount' });
    await advance(sandbox.url, 2 * DAY);
    await stripe.payouts.create({ amount: 39_000, currency: 'usd' }, { stripeAccount: account.id });
    await expect(stripe.transfers.createReversal(transfer.id)).rejects.toMatchObject({ code: 'balance_insufficient' });
  });
});

describe('payouts', () => {
  it('leave the balance at once and arrive after two days of business time', async () => {
    const { account } = await sellerWith39600('ord_p1');
    const money = { amount: 39_600, currency: 'usd', metadata: { order_id: 'ord_p1' } };
    await expect(stripe.payouts.create(money, { stripeAccount: account.id })).rejects.toMatchObject({ code: 'balance_insufficient' });
    await advance(sandbox.url, 2 * DAY);
    const payout = await stripe.payouts.create(money, { stripeAccount: account.id });
    expect(payout.status).toBe('pending');
    expect(await available(account.id)).toBe(0);
    await advance(sandbox.url, 2 * DAY - 60_000);
    expect((await stripe.payouts.retrieve(payout.id, {}, { stripeAccount: account.id })).status).toBe('pending');
    await advance(sandbox.url, 60_000);
    expect((await stripe.payouts.list({}, { stripeAccount: account.id })).data).toMatchObject([{ id: payout.id, status: 'paid', metadata: { order_id: 'ord_p1' } }]);
    await expect(stripe.payouts.retrieve(payout.id)).rejects.toMatchObject({ statusCode: 404 });
  });

  it('to a closed bank account fail on arrival, bring the money back and put the bank account out of use', async () => {
    const { account } = await sellerWith39600('ord_p2', 'btok_us_accountClosed');
    await advance(sandbox.url, 2 * DAY);
    const payout = await stripe.payouts.create({ amount: 39_600, currency: 'usd' }, { stripeAccount: account.id });
    await advance(sandbox.url, 2 * DAY);
    const failed = await stripe.payouts.retrieve(payout.id, { expand: ['failure_balance_transaction'] }, { stripeAccount: account.id });
    expect(failed).toMatchObject({ status: 'failed', failure_code: 'account_closed', failure_balance_transaction: { type: 'payout_failure', amount: 39_600 } });
    expect(await available(account.id)).toBe(39_600);
    expect((await stripe.accounts.retrieve(account.id)).payouts_enabled).toBe(false);
    await expect(stripe.payouts.create({ amount: 1, currency: 'usd' }, { stripeAccount: account.id })).rejects.toMatchObject({ code: 'payouts_not_allowed' });
    await stripe.accounts.update(account.id, { external_account: 'btok_us_verified' });
    const second = await stripe.payouts.create({ amount: 39_600, currency: 'usd' }, { stripeAccount: account.id });
    await advance(sandbox.url, 2 * DAY);
    expect((await stripe.payouts.retrieve(second.id, {}, { stripeAccount: account.id })).status).toBe('paid');
  });

  it('can be cancelled while they are on their way', async () => {
    const { account } = await sellerWith39600('ord_p3');
    await advance(sandbox.url, 2 * DAY);
    const payout = await stripe.payouts.create({ amount: 600, currency: 'usd' }, { stripeAccount: account.id });
    expect((await stripe.payouts.cancel(payout.id, {}, { stripeAccount: account.id })).status).toBe('canceled');
    expect(await available(account.id)).toBe(39_600);
    await advance(sandbox.url, 2 * DAY);
    expect((await stripe.payouts.retrieve(payout.id, {}, { stripeAccount: account.id })).status).toBe('canceled');
  });
});

it('every account\'s balance is the sum of its lines', async () => {
  const accounts = (await stripe.accounts.list({ limit: 100 })).data.map(({ id }) => ({ stripeAccount: id }));
  expect(accounts.length).toBeGreaterThan(5);
  for (const who of [undefined, ...accounts]) {
    const balance = await stripe.balance.retrieve({}, who);
    const lines = await stripe.balanceTransactions.list({ limit: 100 }, who).autoPagingToArray({ limit: 1_000 });
    const held = [...balance.available, ...balance.pending].reduce((sum, { amount }) => sum + amount, 0);
    expect(held).toBe(lines.reduce((sum, { net }) => sum + net, 0));
  }
});

it('a page for people lists what has happened', async () => {
  const page = await (await fetch(`${sandbox.url}/`)).text();
  for (const word of ['Payment intents', 'Payouts', 'Shipments', 'Requests', '487.45 USD', '/v1/payouts']) expect(page).toContain(word);
  expect(page).not.toMatch(/src=|href="http/);
  expect((await call('GET', `${sandbox.url}/nowhere`)).status).toBe(404);
});
