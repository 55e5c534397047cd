import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import type { CallUser } from '@libs/rpc/call-context';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { BiddingModule } from '../src/bidding.module';
import { kindNeighbours } from './neighbours';
import { ids } from './writer-harness';

const somebody = (): CallUser => ({ id: ids.next('usr'), sessionId: ids.next('ses'), roles: ['buyer', 'seller'] });

describe('what a projection of the markets begins with', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService(BiddingModule, {
      fakes: kindNeighbours,
    });
  });
  afterAll(() => service.stop());

  const as = (user: CallUser) => service.client(BiddingService, user);
  const ask = (user: CallUser, marketId: string, minor: bigint) => as(user).placeAsk({ marketId, price: { currency: 'USD', minor }, idempotencyKey: ids.next('key') });
  const bid = (user: CallUser, marketId: string, minor: bigint) => as(user).placeBid({ marketId, price: { currency: 'USD', minor }, idempotencyKey: ids.next('key') });

  async function everything() {
    const told = [];
    for (let after = ''; ; after = told.at(-1)?.marketId ?? '') {
      const { markets } = await service.client(BiddingService, 'search').listMarketFacts({ after, limit: 2 });
      if (markets.length === 0) return told;
      told.push(...markets);
    }
  }

  it('is what rests in each market as of a step of it, and every match that was undone, each market once', async () => {
    const [ann, sam] = [somebody(), somebody()];
    const markets = Array.from({ length: 5 }, () => ids.next('mkt'));
    for (const market of markets) await ask(sam, market, 46_000n);
    const [market = ''] = markets;
    const { ask: kept } = await ask(sam, market, 47_000n);
    const { match } = await bid(ann, market, 46_000n);
    const told = await everything();
    expect(told.map(({ marketId }) => marketId).sort()).toEqual([...markets].sort());
    expect(told.find(({ marketId }) => marketId === market)).toMatchObject({ marketSeq: 3n, asks: [{ askId: kept?.id, priceMinor: 47_000n }], bustedMatchIds: [] });
    await service.client(BiddingService, 'order').bustMatch({ matchId: match?.id ?? '', reason: 'payment_failed', doNotRelist: true });
    expect((await everything()).find(({ marketId }) => marketId === market)).toMatchObject({ marketSeq: 4n, asks: [{ askId: kept?.id }], bustedMatchIds: [match?.id] });
  });

  it('is told to search alone', async () => {
    await expect(as(somebody()).listMarketFacts({})).rejects.toMatchObject({ kind: 'forbidden' });
    await expect(service.client(BiddingService, 'order').listMarketFacts({})).rejects.toMatchObject({ kind: 'forbidden' });
  });
});
