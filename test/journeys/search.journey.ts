import type { Page } from '@libs/client/trader';
import type { Story } from '@libs/testing/story';

interface Card {
  readonly productId: string;
  readonly model: string;
  readonly lowestAsk?: { readonly amount: number };
  readonly lastSale?: { readonly amount: number };
}

/** Finding what others offer, and what it went for. */
export function searchJourneys(story: () => Story): void {
  it('a product is found with its lowest ask, and after a trade with its last sale', async () => {
    const [bea, sam, market] = [await story().buyer(), await story().seller(), await story().market()];
    const { productId } = await bea.api.get<{ productId: string }>(`/v1/markets/${market}`);
    const { styleId, model } = await bea.api.get<{ styleId: string; model: string }>(`/v1/products/${productId}`);
    const find = async (q: string) => {
      await story().settled();
      return (await bea.api.get<Page<Card> & { degraded: boolean }>(`/v1/catalog/search?q=${encodeURIComponent(q)}`)).data[0];
    };
    expect(await find(styleId)).toMatchObject({ productId, model });
    await sam.asks(market, 470);
    await sam.asks(market, 455);
    expect((await find(`norrland ${model}`))?.lowestAsk?.amount).toBe(45_500);
    await bea.bids(market, 460);
    expect(await find(styleId)).toMatchObject({ lowestAsk: { amount: 47_000 }, lastSale: { amount: 45_500 } });
    const { data: trends } = await bea.api.get<{ data: (Card & { salesLast72Hours: number })[] }>('/v1/catalog/trending?limit=50');
    expect(trends.find((trend) => trend.productId === productId)?.salesLast72Hours).toBe(1);
  });

  it('somebody who mistypes is understood, and told so', async () => {
    await story().market();
    await story().settled();
    const { data, corrected } = await story().admin.api.get<Page<Card> & { corrected: boolean }>('/v1/catalog/search?q=norlland%20auroa');
    expect([corrected, data.length > 0]).toEqual([true, true]);
  });

  it('an administrator has the index rebuilt, and everything is found as before', async () => {
    const { admin } = story();
    const everything = async () => (await admin.api.get<{ total: number }>('/v1/catalog/search')).total;
    await story().settled();
    const before = await everything();
    await admin.api.post('/v1/admin/search/reindex');
    await story().settled();
    expect(await everything()).toBe(before);
  });
}
