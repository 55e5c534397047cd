import { randomUUID } from 'node:crypto';
import type { Problem } from '@libs/client/api';
import { usd } from '@libs/client/trader';
import type { Story } from '@libs/testing/story';

const refusal = (problem: Problem) => problem;

/** What happens to prices before they meet. */
export function marketJourneys(story: () => Story): void {
  it('a bid and an ask expire on their day and never match afterwards', async () => {
    const [bea, sam, market] = [await story().buyer(), await story().seller(), await story().market()];
    const bid = await bea.bids(market, 200, { expiresInDays: 1 });
    const ask = await sam.asks(market, 300, { expiresInDays: 2 });
    await story().passes({ hours: 25 });
    expect((await bea.bid(bid.id)).status).toBe('expired');
    expect((await sam.sellsNow(market, 100).catch(refusal)) as Problem).toMatchObject({ status: 409, code: 'bidding.no_quotes' });
    await story().passes({ hours: 24 });
    expect((await sam.ask(ask.id)).status).toBe('expired');
  });

  it('a cancel that races with a match has one winner (M11)', async () => {
    const [bea, sam] = [await story().buyer(), await story().seller()];
    for (const market of await story().markets(10)) {
      const ask = await sam.asks(market, 300);
      const [bid, cancelled] = await Promise.all([bea.bids(market, 300), sam.api.delete<{ status: string }>(`/v1/asks/${ask.id}`).catch(refusal)]);
      const isCancelled = 'status' in cancelled && cancelled.status === 'cancelled';
      if (isCancelled) expect(bid.match).toBeUndefined();
      else expect([bid.match === undefined, (cancelled as Problem).code]).toEqual([false, 'bidding.already_matched']);
    }
    await story().settled();
  });

  it('a new price loses its place in the queue, a new expiry keeps it', async () => {
    const [bea, sam, sue, market] = [await story().buyer(), await story().seller(), await story().seller('Sue'), await story().market()];
    const first = await sam.asks(market, 300);
    const second = await sue.asks(market, 300);
    await sam.amends(first, { expiresInDays: 7 });
    expect((await bea.bids(market, 300)).match).toBeDefined();
    expect((await sam.ask(first.id)).status).toBe('matched');
    const third = await sam.asks(market, 310);
    await sue.amends(await sue.amends(second, { price: usd(320) }), { price: usd(310) });
    await bea.bids(market, 310);
    expect([(await sam.ask(third.id)).status, (await sue.ask(second.id)).status]).toEqual(['matched', 'active']);
    await story().settled();
  });

  it('of two tabs with the same bid, the one that did not see the other\'s new price changes nothing', async () => {
    const [bea, market] = [await story().buyer(), await story().market()];
    const bid = await bea.bids(market, 200);
    const [one, other] = [await bea.bid(bid.id), await bea.bid(bid.id)];
    const amended = await bea.amends(one, { price: usd(250) });
    const book = () => bea.api.get(`/v1/markets/${market}/book?minSeq=${amended.bookSeq}`);
    const before = await book();
    expect((await bea.amends(other, { price: usd(210) }).catch(refusal)) as Problem).toMatchObject({ status: 412, code: 'bidding.stale' });
    expect([await bea.bid(bid.id), await book()]).toEqual([expect.objectContaining({ price: usd(250), version: amended.version }), before]);
    expect(await bea.amends(await bea.bid(bid.id), { price: usd(210) })).toMatchObject({ price: usd(210) });
  });

  it('nobody meets his own price', async () => {
    const [bea, market] = [await story().buyer(), await story().market()];
    await bea.opensPayoutAccount();
    await bea.asks(market, 300);
    expect((await bea.bids(market, 310).catch(refusal)) as Problem).toMatchObject({ status: 409, code: 'bidding.self_match' });
  });

  it('the same request with the same key does one thing; with another body it is refused', async () => {
    const [bea, market, key] = [await story().buyer(), await story().market(), randomUUID()];
    const [first, again] = [await bea.bids(market, 200, {}, key), await bea.bids(market, 200, {}, key)];
    expect(again.id).toBe(first.id);
    expect((await bea.bids(market, 210, {}, key).catch(refusal)) as Problem).toMatchObject({ status: 422, code: 'bidding.key_reused' });
  });

  it('a halted market takes cancels only, until it is resumed (M13)', async () => {
    const [bea, sam, market] = [await story().buyer(), await story().seller(), await story().market()];
    const ask = await sam.asks(market, 300);
    const kept = await sam.asks(market, 320);
    await story().admin.api.post(`/v1/markets/${market}/halt`, { reason: 'a strange price' });
    expect((await bea.bids(market, 300).catch(refusal)) as Problem).toMatchObject({ status: 409, code: 'bidding.market_halted' });
    expect(await sam.api.delete(`/v1/asks/${ask.id}`)).toMatchObject({ status: 'cancelled' });
    await story().admin.api.post(`/v1/markets/${market}/resume`, { reason: 'it was right' });
    expect((await bea.bids(market, 320)).match).toBeDefined();
    expect((await sam.ask(kept.id)).status).toBe('matched');
    await story().settled();
  });

  it('a seller reads what a sale brings at once and what more to ask for, and nothing of it while the market is halted', async () => {
    const [bea, sam, market] = [await story().buyer(), await story().seller(), await story().market()];
    const usd = (dollars: number) => ({ amount: dollars * 100, currency: 'USD' });
    await bea.bids(market, 280);
    await sam.asks(market, 300);
    expect(await sam.api.get(`/v1/markets/${market}`)).toMatchObject({ highestBid: usd(280), lowestAsk: usd(300), spread: usd(20), sellFaster: usd(280), earnMore: usd(299) });
    await sam.asks(market, 281);
    const { earnMore, ...tight } = await sam.api.get<{ earnMore?: unknown }>(`/v1/markets/${market}`);
    expect([earnMore, tight]).toMatchObject([undefined, { spread: usd(1), sellFaster: usd(280) }]);
    await story().admin.api.post(`/v1/markets/${market}/halt`, { reason: 'a strange price' });
    const { sellFaster, ...halted } = await sam.api.get<{ sellFaster?: unknown }>(`/v1/markets/${market}`);
    expect([sellFaster, halted]).toMatchObject([undefined, { state: 'halted', spread: usd(1), highestBid: usd(280) }]);
  });

  it('the quotes of a suspended user are cancelled, and nothing is restored afterwards', async () => {
    const [bea, market] = [await story().buyer(), await story().market()];
    const bid = await bea.bids(market, 200);
    await story().admin.api.post(`/v1/admin/users/${bea.id}/suspend`, { reason: 'a stolen card' });
    await story().settled();
    await bea.logsIn();
    expect((await bea.bids(market, 200).catch(refusal)) as Problem).toMatchObject({ status: 403, code: 'bidding.user_suspended' });
    await story().admin.api.post(`/v1/admin/users/${bea.id}/reinstate`, { reason: 'it was hers' });
    await story().settled();
    expect(await bea.bid(bid.id)).toMatchObject({ status: 'cancelled', reason: 'suspended' });
  });
}
