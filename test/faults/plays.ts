import { randomUUID } from 'node:crypto';
import type { AuthTask } from '@libs/client/floor';
import type { Order, Page, PlacedQuote, Trader } from '@libs/client/trader';
import { type Cast, persistently } from './cast';
import type { Play } from './scenario';

const PRICE = 300;
/** Beyond the two business days that a seller has, and that the provider keeps a charge before it is there to be paid out, with any holiday that may lie between. */
const LEAP_MS = 9 * 24 * 3_600_000;

interface Quote extends PlacedQuote {
  readonly matchId?: string;
}

const bidsIn = async (buyer: Trader, market: string): Promise<Quote[]> => (await buyer.api.get<Page<Quote>>(`/v1/bids?marketId=${market}&limit=100`)).data;
const ordersOf = async (who: Trader, matchId: string | undefined): Promise<Order[]> => (await who.orders()).filter((order) => order.matchId === matchId);

/** A bid that nobody meets: it must stand in the book, once. */
export async function restingBid(cast: Cast): Promise<Play> {
  const { bea } = cast;
  const [market, key] = [await cast.market(), randomUUID()];
  return {
    acts: () => bea.bids(market, PRICE, {}, key),
    async endsWell(answer) {
      const [bid, ...more] = await bidsIn(bea, market);
      expect([more, bid?.id, bid?.status]).toEqual([[], (answer as PlacedQuote).id, 'active']);
      const book = await bea.api.get<{ bids: unknown[] }>(`/v1/markets/${market}/book`);
      expect(book.bids).toEqual([{ price: PRICE * 100, quotes: 1 }]);
    },
  };
}

/** An ask that everybody must find at its price, whatever happened on the way to the index. */
export async function shownAsk(cast: Cast): Promise<Play> {
  const { sam } = cast;
  const [market, key] = [await cast.market(), randomUUID()];
  return {
    acts: () => sam.asks(market, PRICE, {}, key),
    async endsWell() {
      const { productId } = await sam.api.get<{ productId: string }>(`/v1/markets/${market}`);
      const { styleId } = await sam.api.get<{ styleId: string }>(`/v1/products/${productId}`);
      const { data } = await sam.api.get<Page<{ markets: { marketId: string; lowestAsk?: { amount: number } }[] }>>(`/v1/catalog/search?q=${styleId}&maxPrice=${PRICE * 100}`);
      expect(data.flatMap(({ markets }) => markets).find(({ marketId }) => marketId === market)?.lowestAsk?.amount).toBe(PRICE * 100);
    },
  };
}

/** A bid that meets an ask: one quote, one match, one order, one charge. */
export async function trade(cast: Cast): Promise<Play> {
  const { bea, sam, provider } = cast;
  const [market, key] = [await cast.market(), randomUUID()];
  const ask = await sam.asks(market, PRICE);
  return {
    acts: () => bea.bids(market, PRICE, {}, key),
    async endsWell(answer) {
      const { id, match } = answer as PlacedQuote;
      expect(match).toBeDefined();
      expect((await bidsIn(bea, market)).map((bid) => [bid.id, bid.status, bid.matchId])).toEqual([[id, 'matched', match?.id]]);
      expect(await sam.ask(ask.id)).toMatchObject({ status: 'matched', matchId: match?.id });
      const orders = await ordersOf(bea, match?.id);
      expect(orders.map(({ status, paymentStatus }) => [status, paymentStatus])).toEqual([['confirmed', 'captured']]);
      expect(await provider.movedFor(orders[0]?.id ?? '')).toEqual({ charges: 1, refunds: 0, transfers: 0, payouts: 0 });
    },
  };
}

/** A bid that meets an ask: the sale is in the list and the candle, once. */
export async function shownSale(cast: Cast): Promise<Play> {
  const { bea, sam } = cast;
  const [market, key] = [await cast.market(), randomUUID()];
  await sam.asks(market, PRICE);
  return {
    acts: () => bea.bids(market, PRICE, {}, key),
    async endsWell() {
      const { data: sales } = await bea.api.get<{ data: { price: { amount: number } }[] }>(`/v1/markets/${market}/sales`);
      expect(sales.map(({ price }) => price.amount)).toEqual([PRICE * 100]);
      const { data: candles } = await bea.api.get<{ data: { close: number; sales: number }[] }>(`/v1/markets/${market}/candles?interval=1d`);
      expect(candles).toMatchObject([{ close: PRICE * 100, sales: 1 }]);
    },
  };
}

/** A seller who never ships: the deadline passes, and the buyer is refunded once. */
export async function missedDeadline(cast: Cast): Promise<Play> {
  const { bea, story, provider } = cast;
  const late = await story.seller('Lou');
  const { order } = await story.trade(bea, late, PRICE, await cast.market());
  return {
    acts: once(() => leap(story.world.url)),
    async endsWell() {
      expect(await bea.order(order.id)).toMatchObject({ status: 'cancelled', cancelReason: 'did_not_ship', paymentStatus: 'refunded' });
      expect(await provider.movedFor(order.id)).toEqual({ charges: 1, refunds: 1, transfers: 0, payouts: 0 });
      const { data } = await bea.api.get<{ data: { event: string }[] }>(`/v1/orders/${order.id}/events`);
      expect(data.filter(({ event }) => event === 'ship_by_passed')).toHaveLength(1);
    },
  };
}

/** The word on a pair: given once, and the seller is paid once. */
export async function verdict(cast: Cast): Promise<Play> {
  const { story, bea, sam } = cast;
  const { order } = await story.trade(bea, sam, PRICE, await cast.market());
  const task = await story.bringsIn(sam, order);
  const [inspector] = story.authenticators;
  const { person: ada } = inspector;
  const path = `/v1/authentication/tasks/${task}`;
  await inspector.goesThrough(await ada.api.post(`${path}/claim`));
  return {
    acts: () => ada.api.post<AuthTask>(`${path}/decision`, { verdict: 'pass' }),
    async endsWell(answer) {
      expect(answer).toMatchObject({ state: 'completed', verdict: 'pass' });
      expect((await bea.order(order.id)).status).toBe('auth_passed');
      await story.authenticators[0].sendsOn(order.id);
      await arrives(cast, order.id);
      await isPaidOut(cast, order.id);
    },
  };
}

/** The pair arrives, and the money goes on: one transfer, one payout. */
export async function delivery(cast: Cast): Promise<Play> {
  const { story, bea, sam } = cast;
  const { order } = await story.trade(bea, sam, PRICE, await cast.market());
  const task = await story.bringsIn(sam, order);
  await story.authenticators[0].inspects(task);
  await story.settled();
  await story.authenticators[0].sendsOn(order.id);
  return {
    acts: once(() => arrives(cast, order.id)),
    endsWell: () => isPaidOut(cast, order.id),
  };
}

async function arrives({ story, bea }: Cast, orderId: string): Promise<void> {
  const { outboundTracking } = await bea.order(orderId);
  await story.world.scan(outboundTracking ?? '', 'delivered');
}

async function isPaidOut({ story, bea, sam, provider }: Cast, orderId: string): Promise<void> {
  await story.settled();
  await leap(story.world.url);
  await story.settled();
  expect((await bea.order(orderId)).status).toBe('delivered');
  const { data } = await sam.api.get<Page<{ orderId: string }>>('/v1/payouts?limit=100');
  expect(data.filter((payout) => payout.orderId === orderId)).toHaveLength(1);
  expect(await provider.movedFor(orderId)).toEqual({ charges: 1, refunds: 0, transfers: 1, payouts: 1 });
}

/** What happens outside, and is not asked for twice. */
function once<T>(happens: () => Promise<T>): () => Promise<T> {
  let happened: Promise<T> | undefined;
  return () => (happened ??= persistently(happens));
}

async function leap(worldUrl: string): Promise<void> {
  const answer = await fetch(`${worldUrl}/clock/advance`, { method: 'POST', body: JSON.stringify({ ms: LEAP_MS }) });
  if (!answer.ok) throw new Error(`the clock answered ${answer.status}`);
}
