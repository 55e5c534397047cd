import { randomUUID } from 'node:crypto';
import { Problem } from '@libs/client/api';
import type { Order, Page, PlacedQuote, Trader } from '@libs/client/trader';
import { until } from '@libs/testing/exchange-process';
import type { Cast } from './cast';

const PRICE = 300;
const BACK_WITHIN_MS = 90_000;

/** What people meet while a part of the exchange is away, and what is made good when it is back: the table of docs/operations.md. */
export function outagesInOneProcess(cast: () => Cast): void {
  it('PostgreSQL is killed: who is not answered is told to try again, and every answer stands when it is back', async () => {
    const { bea, story } = cast();
    const market = await cast().market();
    process.kill(story.exchange.run.pids.postgres ?? 0, 'SIGKILL');
    const { answers, refusals } = await goesThroughAnOutage(() => bea.bids(market, PRICE, {}, randomUUID()));
    expect(refusals.filter(({ status, body }) => status !== 503 || body.retryable !== true)).toEqual([]);
    await story.settled();
    const standing = (await bea.api.get<Page<PlacedQuote>>(`/v1/bids?marketId=${market}&status=active&limit=100`)).data.map(({ id }) => id);
    expect(standing).toEqual(expect.arrayContaining(answers.map(({ id }) => id)));
  });

  it('the card provider is away: matches are made and wait unpaid, no card can be added, and each is charged once when it is back', async () => {
    const { bea, story, provider } = cast();
    await story.world.fault({ path: '/v1/**', mode: 'unavailable_503', times: 10_000 });
    const { order } = await traded(cast());
    expect(await problemOf(bea.api.post('/v1/payments/setup-intents'))).toMatchObject({ status: 503, code: 'payment.provider_unavailable' });
    expect((await bea.order(order.id)).status).toBe('pending');
    await story.world.faultsEnd();
    await confirmed(cast(), order);
    expect(await provider.movedFor(order.id)).toEqual({ charges: 1, refunds: 0, transfers: 0, payouts: 0 });
  });

  it('the carrier is away: orders are paid and have no label, and get it when it is back', async () => {
    const { sam, story } = cast();
    await story.world.fault({ path: '/carrier/v1/**', mode: 'unavailable_503', times: 10_000 });
    const { order } = await traded(cast());
    await confirmed(cast(), order);
    expect((await sam.order(order.id)).inboundTracking).toBeUndefined();
    await story.world.faultsEnd();
    await until('there is a label', BACK_WITHIN_MS, async () => (await sam.order(order.id)).inboundTracking !== undefined);
  });
}

/** A bid that meets an ask, and the order that it opens, as soon as there is one. */
async function traded(cast: Cast): Promise<{ bid: PlacedQuote; order: Order }> {
  const { bea, sam } = cast;
  const market = await cast.market();
  await sam.asks(market, PRICE);
  const bid = await bea.bids(market, PRICE);
  expect(bid.match).toBeDefined();
  return { bid, order: await opened(bea, bid) };
}

async function opened(buyer: Trader, { match }: PlacedQuote): Promise<Order> {
  const of = async () => (await buyer.orders()).find(({ matchId }) => matchId === match?.id);
  await until('the order is open', BACK_WITHIN_MS, of);
  return (await of()) as Order; // It has just been seen.
}

async function confirmed({ bea }: Cast, { id }: Order): Promise<void> {
  await until('the order is paid', BACK_WITHIN_MS, async () => (await bea.order(id)).status === 'confirmed');
}

/** Asks again and again: until there was a refusal, and an answer after it. */
async function goesThroughAnOutage<T>(asks: () => Promise<T>): Promise<{ answers: T[]; refusals: Problem[] }> {
  const refusals: Problem[] = [];
  const answers: T[] = [];
  await until('it is answered again', BACK_WITHIN_MS, async () => {
    const problem = await asks().then((answer) => void answers.push(answer), (error: unknown) => error);
    if (problem !== undefined && !(problem instanceof Problem)) throw problem;
    if (problem) refusals.push(problem);
    return refusals.length > 0 && !problem;
  });
  return { answers, refusals };
}

async function problemOf(request: Promise<unknown>): Promise<Problem> {
  const problem = await request.then(() => undefined, (error: unknown) => error);
  if (!(problem instanceof Problem)) throw new Error('it was answered');
  return problem;
}
