import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { Problem } from '@libs/client/api';
import type { Order, Page, PlacedQuote, Trader } from '@libs/client/trader';
import type { ServiceName } from '@libs/contracts/events';
import { until } from '@libs/testing/exchange-process';
import type { Line } from '@libs/testing/line';
import { type Cast, persistently } from './cast';

const PRICE = 300;
const BACK_WITHIN_MS = 90_000;

/** What people meet while a part of the exchange is away, and what is made good when it is back: the table of docs/operations.md. */
export function outagesInOneProcess(cast: () => Cast): void {
  it('PostgreSQL is killed: who is not answered is told to try again, and every answer stands when it is back', async () => {
    const { bea, story } = cast();
    const market = await cast().market();
    const startOf = () => startOfServer(story.exchange.run.databases.bidding ?? '');
    const before = await startOf();
    process.kill(story.exchange.run.pids.postgres ?? 0, 'SIGKILL');
    const { answers, refusals } = await goesThroughAnOutage(() => bea.bids(market, PRICE, {}, randomUUID()), async () => ![undefined, before].includes(await startOf().catch(() => undefined)));
    expect(refusals.filter(({ status, body }) => status !== 503 || body.retryable !== true)).toEqual([]);
    await story.settled();
    const standing = (await bea.api.get<Page<PlacedQuote>>(`/v1/bids?marketId=${market}&status=active&limit=100`)).data.map(({ id }) => id);
    expect(standing).toEqual(expect.arrayContaining(answers.map(({ id }) => id)));
  });

  it('the card provider is away: matches are made and wait unpaid, no card can be added, and each is charged once when it is back', async () => {
    const { bea, story, provider } = cast();
    await story.world.fault({ path: '/v1/**', mode: 'unavailable_503', times: 10_000 });
    const order = await opened(bea, await matched(cast()));
    expect(await problemOf(bea.api.post('/v1/payments/setup-intents'))).toMatchObject({ status: 503, code: 'payment.provider_unavailable' });
    expect((await bea.order(order.id)).status).toBe('pending');
    await story.world.faultsEnd();
    await confirmed(cast(), order);
    expect(await provider.movedFor(order.id)).toEqual({ charges: 1, refunds: 0, transfers: 0, payouts: 0 });
  });

  it('the carrier is away: orders are paid and have no label, and get it when it is back', async () => {
    const { bea, sam, story } = cast();
    await story.world.fault({ path: '/carrier/v1/**', mode: 'unavailable_503', times: 10_000 });
    const order = await opened(bea, await matched(cast()));
    await confirmed(cast(), order);
    expect((await sam.order(order.id)).inboundTracking).toBeUndefined();
    await story.world.faultsEnd();
    await until('there is a label', BACK_WITHIN_MS, async () => (await sam.order(order.id)).inboundTracking !== undefined);
  });
}

/** `lines` lead to Redis and to the bus. A process that is down is one that was halted: nothing starts it again meanwhile. */
export function outagesInSplitForm(cast: () => Cast, lines: () => { readonly redis: Line; readonly bus: Line }): void {
  it('Redis is away: trading, books and searches go on, and the live books are right when it is back', async () => {
    const { bea, story } = cast();
    const market = await cast().market();
    lines().redis.cut();
    await bea.bids(market, PRICE);
    expect((await bea.api.get<{ bids: unknown[] }>(`/v1/markets/${market}/book`)).bids).toEqual([{ price: PRICE * 100, quotes: 1 }]);
    await bea.api.get('/v1/catalog/search?q=aurora');
    lines().redis.mend();
    await story.settled();
    expect(await story.invariantsHold()).toMatch(/ok +R1/);
  });

  it('the bus is away: matches are made and answered, and their orders open when it is back', async () => {
    const { bea, story } = cast();
    lines().bus.cut();
    const bid = await matched(cast());
    expect(await orderOf(bea, bid)).toBeUndefined();
    lines().bus.mend();
    await confirmed(cast(), await opened(bea, bid));
    await story.settled();
  });

  it('search, analytics, notification and authentication are down: each refuses its own, trading goes on, and they catch up', async () => {
    const { bea, story } = cast();
    const [inspector] = story.authenticators;
    const market = await cast().market();
    const order = await whileDown(cast(), ['search', 'analytics', 'notification', 'authentication'], async () => {
      const refused = ['/v1/catalog/search?q=aurora', `/v1/markets/${market}/sales`, '/v1/notifications'].map((path) => problemOf(bea.api.get(path)));
      const problems = await Promise.all([...refused, problemOf(inspector.person.api.get('/v1/authentication/tasks'))]);
      expect(problems.map(({ status, body }) => [status, body.retryable])).toEqual(Array.from(problems, () => [503, true]));
      const paid = await opened(bea, await matched(cast(), market));
      await confirmed(cast(), paid);
      return paid;
    });
    await story.settled();
    expect((await bea.api.get<Page<{ price: { amount: number } }>>(`/v1/markets/${market}/sales`)).data.map(({ price }) => price.amount)).toEqual([PRICE * 100]);
    expect((await bea.api.get<Page<{ link: string }>>('/v1/notifications?limit=100')).data.filter(({ link }) => link.includes(order.id)).length).toBeGreaterThan(0);
  });

  it('product and payment are down: matches are made and their orders wait, and are paid when both are back', async () => {
    const { bea, provider } = cast();
    const market = await cast().market();
    const { productId } = await bea.api.get<{ productId: string }>(`/v1/markets/${market}`);
    const bid = await whileDown(cast(), ['product', 'payment'], async () => {
      const problems = await Promise.all([`/v1/products/${productId}`, '/v1/payments/methods'].map((path) => problemOf(bea.api.get(path))));
      expect(problems.map(({ status }) => status)).toEqual([503, 503]);
      const placed = await matched(cast(), market);
      expect((await opened(bea, placed)).status).toBe('pending');
      return placed;
    });
    const order = await opened(bea, bid);
    await confirmed(cast(), order);
    expect(await provider.movedFor(order.id)).toEqual({ charges: 1, refunds: 0, transfers: 0, payouts: 0 });
  });

  it('order is down: matches are made, and their orders open when it is back', async () => {
    const { bea } = cast();
    const bid = await whileDown(cast(), ['order'], async () => {
      expect(await problemOf(bea.orders())).toMatchObject({ status: 503 });
      return matched(cast());
    });
    await confirmed(cast(), await opened(bea, bid));
  });

  it('bidding is down: nobody trades or sees a book, orders go on, and a placement sent again with its key is done once', async () => {
    const { bea, story } = cast();
    const [market, key] = [await cast().market(), randomUUID()];
    await whileDown(cast(), ['bidding'], async () => {
      const problems = await Promise.all([problemOf(bea.bids(market, PRICE, {}, key)), problemOf(bea.api.get(`/v1/markets/${market}/book`))]);
      expect(problems.map(({ status, body }) => [status, body.retryable])).toEqual([[503, true], [503, true]]);
      await bea.orders();
    });
    await persistently(() => bea.bids(market, PRICE, {}, key));
    await story.settled();
    expect((await bea.api.get<{ bids: unknown[] }>(`/v1/markets/${market}/book`)).bids).toEqual([{ price: PRICE * 100, quotes: 1 }]);
  });

  it('user is down: nobody can act as somebody, what is open to all goes on', async () => {
    const { bea } = cast();
    const market = await cast().market();
    await whileDown(cast(), ['user'], async () => {
      expect(await problemOf(bea.api.get('/v1/me'))).toMatchObject({ status: 503, body: { retryable: true } });
      expect((await fetch(`${bea.api.url}/v1/markets/${market}/book`)).status).toBe(200);
      expect(await problemOf(bea.api.post('/v1/auth/login', { email: 'bea@example.com', password: 'correct horse battery' }))).toMatchObject({ status: 503, body: { code: 'gateway.accounts_unavailable', retryable: true } });
    });
    await persistently(() => bea.api.get('/v1/me'));
  });

  it('the gateway dies: the door is shut, and is there again by itself', async () => {
    const { bea, story } = cast();
    const pid = story.exchange.run.pids.gateway ?? 0;
    process.kill(pid, 'SIGKILL');
    await until('it is gone', BACK_WITHIN_MS, () => !isAlive(pid));
    await persistently(() => bea.api.get('/v1/me'));
  });
}

async function whileDown<T>({ story: { exchange } }: Cast, services: readonly ServiceName[], work: () => Promise<T>): Promise<T> {
  const pids = services.map((name) => exchange.run.pids[name] ?? 0);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
}

/** A bid that meets an ask. */
async function matched(cast: Cast, where?: string): Promise<PlacedQuote> {
  const { bea, sam } = cast;
  const market = where ?? (await cast.market());
  await sam.asks(market, PRICE);
  const bid = await bea.bids(market, PRICE);
  expect(bid.match).toBeDefined();
  return bid;
}

async function orderOf(buyer: Trader, { match }: PlacedQuote): Promise<Order | undefined> {
  return (await buyer.orders()).find(({ matchId }) => matchId === match?.id);
}

async function opened(buyer: Trader, bid: PlacedQuote): Promise<Order> {
  await until('the order is open', BACK_WITHIN_MS, () => orderOf(buyer, bid).catch(() => undefined));
  return (await orderOf(buyer, bid)) as Order; // It has just been seen.
}

async function confirmed({ bea }: Cast, { id }: Order): Promise<void> {
  await until('the order is paid', BACK_WITHIN_MS, async () => (await bea.order(id).catch(() => undefined))?.status === 'confirmed');
}

/** Changes with each start. */
async function startOfServer(database: string): Promise<string | undefined> {
  const client = new Client({ connectionString: database });
  client.on('error', () => undefined); // It may go away meanwhile.
  await client.connect();
  try {
    return (await client.query<{ at: string }>('select pg_postmaster_start_time()::text as at')).rows[0]?.at;
  } finally {
    await client.end();
  }
}

/** Asks again and again: until there is an answer after the outage, which may be over before anybody was refused. */
async function goesThroughAnOutage<T>(asks: () => Promise<T>, isOver: () => Promise<boolean>): Promise<{ answers: T[]; refusals: Problem[] }> {
  const refusals: Problem[] = [];
  const answers: T[] = [];
  await until('it is answered again', BACK_WITHIN_MS, async () => {
    const wasOver = await isOver();
    const problem = await asks().then((answer) => void answers.push(answer), (error: unknown) => error);
    if (problem !== undefined && !(problem instanceof Problem)) throw problem;
    if (problem) refusals.push(problem);
    return wasOver && !problem;
  });
  return { answers, refusals };
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function problemOf(request: Promise<unknown>): Promise<Problem> {
  const problem = await request.then(() => undefined, (error: unknown) => error);
  if (!(problem instanceof Problem)) throw new Error('it was answered');
  return problem;
}
