import { type Order, type Trader, usd } from '@libs/client/trader';
import type { Story } from '@libs/testing/story';
import type { WholeExchange } from './whole-exchange';

type Told = Story<WholeExchange>;

interface Owned {
  readonly data: readonly { readonly id: string }[];
}

/** What events tell of, all of it, as far as people can bring it about: trades that end well, badly and never; prices that fall; people and products that come, change and go. */
export async function everythingHappens(story: Told): Promise<void> {
  const [bea, cyd, ben, una] = await Promise.all([story.buyer(), story.buyer('Cyd'), story.buyer('Ben', 'pm_card_chargeCustomerFail'), story.buyer('Una', 'pm_card_authenticationRequired')]);
  const [sam, sue] = await Promise.all([story.seller(), story.seller('Sue')]);
  await sue.opensPayoutAccount('btok_us_accountClosed');
  const [first, second, third, fourth, fifth, sixth] = (await story.markets(6)) as [string, string, string, string, string, string];

  await Promise.all([bea.bids(sixth, 100, { expiresInDays: 1 }), sam.asks(sixth, 900, { expiresInDays: 1 })]);
  const orders = [await match(bea, sam, first), await match(cyd, sam, second), await match(bea, sue, third)];
  await Promise.all([match(ben, sam, fourth), match(una, sue, fourth, 320)]);
  await story.settled();
  await quotesComeAndGo(cyd, sue, fifth);
  await story.settled();
  const [well, badly, unpaid] = await Promise.all(orders.map((bid, at) => (at === 1 ? cyd : bea).orderOf(bid)));
  await inspections(story, { sellers: [sam, sam, sue], orders: [well, badly, unpaid] as [Order, Order, Order] });
  await story.exchange.passes({ days: 5 });
  await peopleAndProducts(story, { cyd, sam });
  await story.settled();
}

async function match(buyer: Trader, seller: Trader, market: string, dollars = 300) {
  await seller.asks(market, dollars);
  return buyer.bids(market, dollars);
}

/** Placed, changed, taken back; somebody who watches hears of the fall. */
async function quotesComeAndGo(buyer: Trader, seller: Trader, market: string): Promise<void> {
  await buyer.api.post('/v1/price-alerts', { marketId: market, threshold: { amount: 60_000, currency: 'USD' } });
  const [bid, ask] = [await buyer.bids(market, 200), await seller.asks(market, 800)];
  await buyer.amends(bid, { price: usd(210) });
  await seller.amends(ask, { price: usd(500) });
  const gone = [await buyer.bids(market, 190), await seller.asks(market, 850)] as const;
  await buyer.api.delete(`/v1/bids/${gone[0].id}`);
  await seller.api.delete(`/v1/asks/${gone[1].id}`);
}

/** The first and the last pass, the second fails; what passes is delivered, and its seller paid. */
async function inspections(story: Told, { sellers, orders }: { sellers: readonly [Trader, Trader, Trader]; orders: readonly [Order, Order, Order] }): Promise<void> {
  const [ada, abe] = story.authenticators;
  const trackings: string[] = [];
  for (const [at, seller] of sellers.entries()) trackings.push(await seller.ships(orders[at]?.id ?? ''));
  await story.settled();
  for (const [at, tracking] of trackings.entries()) {
    const { task } = await ada.takesIn(tracking);
    await ada.inspects(task?.id ?? '', at === 1 ? ['authenticity_markers'] : []);
    if (at === 1) await abe.reviews(task?.id ?? '', 'fail');
  }
  await story.settled();
  for (const { id } of [orders[0], orders[2]]) {
    await ada.sendsOn(id);
    await story.world.scan((await story.admin.api.get<Order>(`/v1/orders/${id}`)).outboundTracking ?? '', 'delivered');
  }
  await story.settled();
}

async function peopleAndProducts(story: Told, { cyd, sam }: { cyd: Trader; sam: Trader }): Promise<void> {
  const { admin } = story;
  const eve = await story.buyer('Eve');
  await admin.api.post(`/v1/admin/users/${eve.id}/suspend`, { reason: 'a test of patience' });
  await admin.api.post(`/v1/admin/users/${eve.id}/reinstate`, { reason: 'passed' });
  for (const what of ['payments/methods', 'me/addresses']) for (const { id } of (await cyd.api.get<Owned>(`/v1/${what}`)).data) await cyd.api.delete(`/v1/${what}/${id}`);
  await sam.opensPayoutAccount('btok_us');
  const market = await story.market();
  const { productId } = await admin.api.get<{ productId: string }>(`/v1/markets/${market}`);
  const { version } = await admin.api.get<{ version: number }>(`/v1/products/${productId}`);
  await admin.api.patch(`/v1/products/${productId}`, { description: 'As new.' }, version);
  await admin.api.delete(`/v1/products/${productId}`);
}
