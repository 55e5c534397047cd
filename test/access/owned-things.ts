import { type Order, type PlacedQuote, Trader, usd } from '@libs/client/trader';
import type { Story } from '@libs/testing/story';

/** One thing of every kind that somebody owns or looks after, in the state in which its routes take it; each command has one of its own. */
export type OwnedThings = Awaited<ReturnType<typeof ownedThings>>;

const PRICE = 180;
/** Paid orders, by what is to happen to each. */
const wanted = [
  'shown', 'toShip', 'toCancel', 'toCancelByAdmin', 'toRefund', 'lostInbound', 'free', 'held', 'toRelease', 'toDecide', 'toReview', 'disputed', 'toSend', 'lostOutbound', 'toConfirm', 'done',
] as const;
type Orders = Readonly<Record<(typeof wanted)[number], Order>>;
interface Own {
  readonly id: string;
}

export async function ownedThings(story: Story) {
  const [bea, ben, sam, pat] = await Promise.all([story.buyer('Bea'), story.buyer('Ben', 'pm_card_chargeCustomerFail'), story.seller('Sam'), story.stranger('Pat')]);
  const markets = { first: await story.market(), open: await story.market(), toTake: await story.market(), toHalt: await story.market(), halted: await story.market(), retired: await story.market() };
  const { orders, declined } = await paidOrders(story, { bea, ben, sam }, markets.first);
  const quotes = await restingQuotes({ bea, sam }, markets);
  const floor = await inspections(story, sam, orders);
  await story.admin.api.post(`/v1/markets/${markets.halted}/halt`, { reason: 'to be resumed' });
  const { productId } = await story.admin.api.get<{ productId: string }>(`/v1/markets/${markets.retired}`);
  const [product, { version }] = await Promise.all([story.admin.api.get<Own & { version: number }>(`/v1/products/${productId}`), pat.api.get<{ version: number }>('/v1/me')]);
  const elsewhere = await new Trader(story.exchange.url, story.world, bea.account).logsIn();
  const [payout] = (await sam.api.get<{ data: [Own] }>('/v1/payouts')).data;
  return {
    bea, ben, sam, pat: { id: pat.id, version }, ada: story.authenticators[0].person, orders, declined, ...quotes, ...floor, markets, product, payout,
    session: elsewhere.tokens?.sessionId ?? '', bensCard: await ben.addsCard(), card: await bea.addsCard(), address: await bea.addsAddress('Salem'), ...(await collections(bea, markets.open)),
  };
}

/** Also one whose buyer's card was declined. */
async function paidOrders(story: Story, { bea, ben, sam }: { bea: Trader; ben: Trader; sam: Trader }, market: string): Promise<{ orders: Orders; declined: Order }> {
  await Promise.all(wanted.map(() => sam.asks(market, PRICE)));
  await Promise.all(wanted.map(() => bea.bids(market, PRICE)));
  await Promise.all([sam.asks(market, PRICE), ben.bids(market, PRICE)]);
  await story.settled();
  const [bought, [declined]] = await Promise.all([bea.orders(), ben.orders()]);
  if (bought.length !== wanted.length || !declined) throw new Error('not every match has become an order');
  // As many as there are names.
  return { orders: Object.fromEntries(wanted.map((name, at) => [name, bought[at]])) as Orders, declined };
}

async function restingQuotes({ bea, sam }: { bea: Trader; sam: Trader }, { open, toTake }: { open: string; toTake: string }): Promise<Readonly<Record<'bid' | 'bidToCancel' | 'ask' | 'askToCancel', PlacedQuote>>> {
  const [bid, bidToCancel, ask, askToCancel] = [await bea.bids(open, 150), await bea.bids(open, 149), await sam.asks(open, 210), await sam.asks(open, 211)];
  await Promise.all([bea.bids(toTake, 150), sam.asks(toTake, 210)]);
  return { bid, bidToCancel, ask, askToCancel };
}

/** Brings the pairs to the warehouse and each inspection to where it is wanted; one parcel comes that nobody knows. */
async function inspections(story: Story, sam: Trader, orders: Orders) {
  const [ada, abe] = story.authenticators;
  const brought = [orders.free, orders.held, orders.toRelease, orders.toDecide, orders.toReview, orders.disputed, orders.toSend, orders.lostOutbound, orders.toConfirm, orders.done];
  const trackings = await Promise.all([...brought, orders.lostInbound].map(({ id }) => sam.ships(id)));
  await story.settled();
  const tasks = await Promise.all(trackings.slice(0, brought.length).map(async (tracking) => (await ada.takesIn(tracking)).task?.id ?? ''));
  await story.settled();
  const [free, held, toRelease, toDecide, toReview, disputed, ...passed] = tasks as [string, string, string, string, string, string];
  for (const id of [held, toRelease]) await ada.person.api.post(`/v1/authentication/tasks/${id}/claim`);
  await ada.goesThrough(await ada.person.api.post(`/v1/authentication/tasks/${toDecide}/claim`));
  for (const id of [toReview, disputed]) await ada.inspects(id, ['box']);
  await abe.reviews(disputed, 'pass');
  for (const id of passed) await ada.inspects(id);
  const { stray } = await ada.takesIn('UNKNOWN-1');
  await story.settled();
  for (const { id } of [orders.lostOutbound, orders.toConfirm, orders.done]) await ada.sendsOn(id);
  await story.world.scan((await story.admin.order(orders.done.id)).outboundTracking ?? '', 'delivered');
  await story.settled();
  const { version: checkedVersion } = await ada.person.api.get<{ version: number }>(`/v1/authentication/tasks/${toDecide}`);
  return { tasks: { free, held, toRelease, toDecide, toReview, disputed }, checkedVersion, stray: stray?.id ?? '' };
}

/** What somebody gathers who looks on. */
async function collections({ api }: Trader, marketId: string) {
  const post = async (path: string, body: Record<string, unknown>) => (await api.post<Own>(path, body)).id;
  const item = () => post('/v1/portfolio/items', { marketId, cost: usd(100) });
  const [items, soldItem] = [[await item(), await item()] as const, await item()];
  await api.patch(`/v1/portfolio/items/${soldItem}`, { proceeds: usd(300) });
  const list = () => post('/v1/watchlists', { name: 'Wanted' });
  const alert = () => post('/v1/price-alerts', { marketId, threshold: usd(10) });
  const search = await post('/v1/catalog/saved-searches', { name: 'Norrland', q: 'norrland' });
  const { data: [told] } = await api.get<{ data: Own[] }>('/v1/notifications');
  return { items, soldItem, lists: [await list(), await list()] as const, alerts: [await alert(), await alert()] as const, search, notification: told?.id ?? '' };
}
