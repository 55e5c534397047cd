import { randomUUID } from 'node:crypto';
import { Trader } from '@libs/client/trader';
import { Story } from '@libs/testing/story';
import { bareExchange, bareHttp } from './bare-server';
import { closedLoop, type LoadRequest, type LoadResult } from './http-load';
import { drawer, zipf } from './random';

const USERS = 512;
const PRODUCTS = 200;
const SIZES = 12;
const SEED = 20_261_120;
const MID_DOLLARS = 400;
const SPREAD_DOLLARS = 60;
const AT_ONCE = 16;

interface Market {
  readonly id: string;
}

interface Open {
  readonly id: string;
  readonly side: 'bids' | 'asks';
  readonly user: number;
}

/** The flow of the benchmarks: 70 % passive, 20 % crossing, 10 % cancels; products by Zipf's law; whole-dollar prices. Seeded. */
class Flow {
  private readonly random = drawer(SEED);
  private readonly product = zipf(PRODUCTS);
  private readonly open: Open[] = [];
  crossed = 0;

  constructor(
    private readonly markets: readonly (readonly Market[])[],
    private readonly tokens: readonly string[],
  ) {}

  next(): LoadRequest {
    const draw = this.random();
    if (draw < 0.1 && this.open.length > 100) return this.cancel();
    return this.place(draw < 0.3);
  }

  private cancel(): LoadRequest {
    const at = Math.floor(this.random() * this.open.length);
    const quote = this.open[at] ?? { id: '', side: 'bids', user: 0 };
    this.open[at] = this.open[this.open.length - 1] ?? quote;
    this.open.pop();
    // Somebody may have met it meanwhile: that is an answer as good as any.
    return { method: 'DELETE', path: `/v1/${quote.side}/${quote.id}`, headers: this.headers(quote.user), body: '', answered: (status) => status === 200 || status === 409 };
  }

  private place(isCrossing: boolean): LoadRequest {
    const user = Math.floor(this.random() * USERS);
    const sizes = this.markets[this.product(this.random())] ?? [];
    const market = sizes[Math.floor(this.random() * sizes.length)]?.id ?? '';
    const side = this.random() < 0.5 ? 'bids' : 'asks';
    const away = Math.floor(this.random() * SPREAD_DOLLARS) + 1;
    const isAbove = (side === 'asks') !== isCrossing;
    const amount = (MID_DOLLARS + (isAbove ? away : -away)) * 100;
    return {
      method: 'POST',
      path: `/v1/${side}`,
      headers: { ...this.headers(user), 'idempotency-key': randomUUID() },
      body: `{"marketId":"${market}","price":{"amount":${amount},"currency":"USD"}}`,
      answered: (status, body) => this.placed({ side, user }, status, body),
    };
  }

  private placed(order: { side: 'bids' | 'asks'; user: number }, status: number, body: string): boolean {
    if (status === 409) return true; // One's own price: refused by the rules.
    if (status !== 201) return false;
    const { id, match } = JSON.parse(body) as { id: string; match?: unknown }; // As the API documents.
    if (match) this.crossed++;
    else this.open.push({ id, ...order });
    return true;
  }

  private headers(user: number): Record<string, string> {
    return { authorization: `Bearer ${this.tokens[user] ?? ''}` };
  }
}

export interface OrderEntryResult {
  /** Beside what this machine gives at that moment to a bare Node server, and to one that keeps each order and does nothing else. */
  readonly at: readonly { readonly connections: number; readonly result: LoadResult; readonly bareHttp: number; readonly bareExchange: number }[];
  readonly matches: number;
  readonly relayLag: number;
  readonly drain: { readonly orders: number; readonly seconds: number };
  readonly invariants: string;
  readonly rssMb: Readonly<Record<string, number>>;
}

/** Order entry over HTTP with everything on but the saga and the charts, which are paused and drained afterwards. */
export async function orderEntry(runs: readonly { connections: number; orders: number }[], say: (line: string) => void): Promise<OrderEntryResult> {
  const story = await Story.begin({ env: { CONSUMERS_PAUSED: 'order,notification,analytics,search', MAX_OPEN_QUOTES: '1000000', MAX_OPEN_EXPOSURE_MINOR: String(Number.MAX_SAFE_INTEGER) } });
  try {
    say(`${USERS} users, ${PRODUCTS * SIZES} markets …`);
    const tokens = await users(story);
    const flow = new Flow(await products(story), tokens);
    const port = Number(new URL(story.exchange.url).port);
    await closedLoop(port, 16, 4_000, () => flow.next());
    // What the setting-up has left to do, webhooks of new cards above all, is not order entry.
    await story.exchange.settled(300_000);
    const at = [];
    for (const { connections, orders } of runs) {
      const result = await closedLoop(port, connections, orders, () => flow.next());
      const bare = { bareHttp: await bareHttp(connections, orders), bareExchange: await bareExchange(connections, orders) };
      say(`${connections} connections: ${result.perSecond}/s, p50 ${result.p50Ms} ms, p99 ${result.p99Ms} ms ${JSON.stringify(result.statuses)}; a bare Node server answers ${bare.bareHttp}/s, one that keeps a row of each order before it answers ${bare.bareExchange}/s`);
      at.push({ connections, result, ...bare });
    }
    const relayLag = await lagOf(story);
    const rssMb = story.exchange.memoryMb();
    const drain = await drainBacklog(story, flow.crossed, say);
    return { at, matches: flow.crossed, relayLag, drain, invariants: (await story.invariantsHold()).trim().split('\n').at(-1) ?? '', rssMb };
  } finally {
    await story.end();
  }
}

async function users(story: Story): Promise<string[]> {
  const people: Trader[] = [];
  await inParallel(USERS, async (i) => {
    const trader = await story.buyer(`U${i}`);
    await trader.opensPayoutAccount();
    people[i] = trader;
  });
  return people.map(({ api }) => api.token ?? '');
}

async function products(story: Story): Promise<Market[][]> {
  const made: Market[][] = [];
  await inParallel(PRODUCTS, async (i) => {
    made[i] = (await story.markets(SIZES)).map((id) => ({ id }));
  });
  return made;
}

async function inParallel(count: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < count) await work(next++);
  }));
}

async function lagOf(story: Story): Promise<number> {
  const { bidding } = story.exchange.run.internal;
  const activity = (await (await fetch(`${bidding}/activity`)).json()) as Record<string, number>; // Flat counts.
  return Object.entries(activity).filter(([name]) => name === 'committed events').reduce((sum, [, count]) => sum + count, 0);
}

/** The same exchange again, its saga awake (messages have a measurement of their own): how long until every match has become a settled order. */
async function drainBacklog(story: Story, orders: number, say: (line: string) => void): Promise<{ orders: number; seconds: number }> {
  await story.exchange.stop();
  await story.exchange.start({ env: { CONSUMERS_PAUSED: 'notification' } });
  const start = performance.now();
  await story.exchange.settled(1_800_000);
  const seconds = (performance.now() - start) / 1000;
  say(`backlog: ${orders} orders reserved, charged and labelled in ${seconds.toFixed(1)} s, ${(orders / seconds).toFixed(0)}/s`);
  return { orders, seconds };
}
