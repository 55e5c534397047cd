import { Metrics } from '@libs/chassis/metrics';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { ProductService } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { BiddingModule } from '../src/bidding.module';
import { everybodyMayTrade } from './neighbours';
import { ids } from './writer-harness';

const TOLD_APART = 50;

describe('what bidding tells its operator of matches', () => {
  let service: TestService;
  /** What product says of a market that bidding has not heard of. */
  const categories = new Map<string, string>();
  const productId = ids.next('prd');
  const marketFields = (id: string, category: string) => ({ id, productId, size: '10', currency: 'USD', tickMinor: 1n, minPriceMinor: 1n, maxPriceMinor: 1_000_000n, status: 'active', category });

  beforeAll(async () => {
    service = await startTestService(BiddingModule, {
      fakes: [
        ...everybodyMayTrade,
        [ProductService, { getMarkets: async ({ marketIds }: { readonly marketIds: readonly string[] }) => ({ markets: marketIds.map((id) => marketFields(id, categories.get(id) ?? '')) }) }],
      ],
    });
  });
  afterAll(() => service.stop());

  async function match(marketId: string): Promise<void> {
    const place = () => ({ marketId, price: { currency: 'USD', minor: 450n }, idempotencyKey: ids.next('key') });
    const trader = () => service.client(BiddingService, { id: ids.next('usr'), sessionId: ids.next('ses'), roles: ['buyer', 'seller'] });
    await trader().placeAsk(place());
    expect((await trader().placeBid(place())).match).toBeDefined();
  }

  async function inMarketOf(category: string): Promise<string> {
    const marketId = ids.next('mkt');
    categories.set(marketId, category);
    await match(marketId);
    return marketId;
  }

  async function matches(): Promise<Record<string, number>> {
    const text = await service.app.get(Metrics).text();
    return Object.fromEntries([...text.matchAll(/^matches_total\{category="([^"]*)".*\} (\d+)$/gm)].map(([, category, count]) => [category, Number(count)]));
  }

  it('they are counted by the category of the product, as product has said it last', async () => {
    const market = await inMarketOf('watches');
    await inMarketOf('');
    expect(await matches()).toEqual({ watches: 1, unknown: 1 });
    await service.deliver('product.updated', productId, { product: { id: productId, markets: [marketFields(market, 'clocks')] } });
    await service.settled();
    await match(market);
    // An event of before categories were told takes nothing away.
    await service.deliver('product.updated', productId, { product: { id: productId, markets: [marketFields(market, '')] } });
    await service.settled();
    await service.restart();
    await match(market);
    expect(await matches()).toEqual({ clocks: 1 });
  });

  it('however many categories there are, few are told apart', async () => {
    for (let n = 0; n < TOLD_APART + 3; n++) await inMarketOf(`kind-${n}`);
    const counted = await matches();
    expect(Object.keys(counted).length).toBeLessThanOrEqual(TOLD_APART + 1);
    expect(counted.other).toBeGreaterThanOrEqual(3);
  });
});
