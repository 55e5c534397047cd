import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Authenticator } from '@libs/client/floor';
import { OutsideWorld } from '@libs/client/outside-world';
import { type Amount, billOf, type Order, Trader } from '@libs/client/trader';
import { runningExchange } from './run-file';
import { withExchange } from './launch/with-exchange';

const started = performance.now();
const WAIT_MS_MAX = 120_000;

/** One trade from bid to payout over the public API, by new people, each step with its time and what it meant for the money. */
async function demo(url: string, sandboxUrl: string): Promise<void> {
  if (!sandboxUrl) throw new Error('the demo plays the outside world too, and this exchange has no sandbox');
  const world = new OutsideWorld(sandboxUrl);
  const [admin, inspector] = await Promise.all(['admin', 'authenticator'].map((role) => new Trader(url, world, person(role, `${role}@pairwise.example`, 'pairwise-demo-1')).logsIn()));
  if (!admin || !inspector) throw new Error('the demo logins are missing: start with the seed');
  const [bea, sam] = await Promise.all(['Bea', 'Sam'].map((name) => new Trader(url, world, person(name, `${name.toLowerCase()}-${randomUUID().slice(0, 8)}@example.com`, `demo-${randomUUID()}`)).registers()));
  if (!bea || !sam) throw new Error('the two traders could not register');
  await Promise.all([bea.addsAddress().then(() => bea.addsCard()), sam.addsAddress('Austin').then(() => sam.opensPayoutAccount())]);
  say('Two people open accounts', 'the buyer\'s card is verified, the seller\'s payout account is open; no money has moved');

  const { product, market } = await quietMarket(bea);
  const bid = await bea.bids(market.id, 450);
  const estimate = await bea.api.post<{ total: Amount }>('/v1/estimates', { side: 'bid', price: { amount: 45_000, currency: 'USD' } });
  say(`Bea bids 450 for ${product.brand} ${product.model}, size ${market.size}`, `it rests in the book (${bid.status}); it would cost her ${show(estimate.total)} all in`);
  const ask = await sam.asks(market.id, 440);
  say('Sam asks 440', `a match at the resting bid's ${show(ask.match?.price)}`);

  const paid = await reached(bea, ask, 'the order is paid', (order) => order.status === 'confirmed' && billOf(order) !== undefined);
  say('The buyer is charged', `${show(billOf(paid))} captured; held in the ledger for order ${paid.id}`);
  const tracking = await untilDone('the label is printed', () => sam.ships(paid.id).catch(() => undefined));
  await reached(bea, ask, 'the pair is on its way', (order) => order.status === 'seller_shipping');
  say('Sam ships', `carrier scan ${tracking}; the money stays held`);
  const floor = new Authenticator(inspector);
  const { task } = await floor.takesIn(tracking);
  await floor.inspects(task?.id ?? '');
  const passed = await reached(bea, ask, 'the pair has passed', (order) => order.status === 'auth_passed' && order.outboundTracking !== undefined);
  say('The authenticator passes the pair', 'box, markers, size and condition are right; the money stays held');
  await floor.sendsOn(paid.id);
  await world.scan(passed.outboundTracking ?? '', 'delivered');
  await reached(bea, ask, 'the pair is delivered', (order) => order.status === 'delivered');
  const payoutThat = (...states: string[]) => async () => (await sam.api.get<{ data: { amount: Amount; state: string }[] }>('/v1/payouts')).data.find(({ state }) => states.includes(state));
  const transferred = await untilDone('the seller\'s part is transferred', payoutThat('transferred', 'in_transit', 'paid'));
  say('Delivered', `the hold is released: ${show(transferred.amount)} transferred to Sam, the fees are revenue`);
  for (let day = 0; day < 6 && !(await payoutThat('paid')()); day++) await sam.api.post('/v1/test/clock/advance', { ms: 86_400_000 });
  const payout = await untilDone('the seller is paid', payoutThat('paid'));
  say('Some days later', `${show(payout.amount)} has arrived at Sam's bank`);
  await trialBalance(admin);
}

interface Product {
  readonly brand: string;
  readonly model: string;
  readonly markets: readonly { readonly id: string; readonly size: string }[];
}

/** A market in which nobody else is: the two must meet each other. */
async function quietMarket(someone: Trader): Promise<{ product: Product; market: Product['markets'][number] }> {
  const { data } = await someone.api.get<{ data: Product[] }>('/v1/products?limit=100');
  for (const product of data) {
    for (const market of product.markets) {
      const { numberOfAsks, numberOfBids } = await someone.api.get<{ numberOfAsks: number; numberOfBids: number }>(`/v1/markets/${market.id}`);
      if (numberOfAsks + numberOfBids === 0) return { product, market };
    }
  }
  throw new Error('there is no product with a quiet market: start with the seed');
}

async function trialBalance(admin: Trader): Promise<void> {
  const { data } = await admin.api.get<{ data: { code: string; balance: Amount }[] }>('/v1/admin/trial-balance');
  const sums = new Map<string, number>();
  for (const { code, balance } of data) {
    const group = code.split(':')[0] ?? code;
    sums.set(group, (sums.get(group) ?? 0) + balance.amount);
  }
  process.stdout.write('\nTrial balance of the ledger (debit +, credit -)\n');
  for (const [code, minor] of sums) process.stdout.write(`  ${code.padEnd(24)} ${cents(minor).padStart(12)}\n`);
  const total = [...sums.values()].reduce((sum, minor) => sum + minor, 0);
  process.stdout.write(`  ${'sum'.padEnd(24)} ${cents(total).padStart(12)}\n`);
  if (total !== 0) throw new Error('the ledger does not balance');
}

function person(firstName: string, email: string, password: string) {
  return { email, password, firstName, lastName: 'Demo' };
}

async function reached(trader: Trader, quote: Parameters<Trader['orderOf']>[0], what: string, condition: (order: Order) => boolean): Promise<Order> {
  return untilDone(what, async () => {
    const order = await trader.orderOf(quote).catch(() => undefined);
    return order && condition(order) ? order : undefined;
  });
}

async function untilDone<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + WAIT_MS_MAX;
  while (performance.now() < end) {
    const found = await ask();
    if (found !== undefined) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`waited in vain until ${what}`);
}

function say(step: string, meaning: string): void {
  process.stdout.write(`${`${((performance.now() - started) / 1000).toFixed(2)} s`.padStart(8)}  ${step}\n          ${meaning}\n`);
}

const show = (amount: Amount | undefined): string => (amount ? `${cents(amount.amount)} ${amount.currency}` : 'nothing');

function cents(minor: number): string {
  const sign = minor < 0 ? '-' : '';
  const whole = Math.abs(minor);
  return `${sign}${Math.floor(whole / 100)}.${String(whole % 100).padStart(2, '0')}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { data: { type: 'string', default: '.data' }, 'free-ports': { type: 'boolean', default: false } } });
  const running = runningExchange(values.data);
  if (running) return demo(running.url, running.sandboxUrl);
  process.stdout.write(`No exchange runs on ${values.data}: one is started for the demo, and stopped afterwards.\n`);
  await withExchange(['--data', values.data, ...(values['free-ports'] ? ['--free-ports'] : [])], values.data, demo);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
