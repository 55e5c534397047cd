import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { until } from '@libs/testing/exchange-process';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { Writer } from '../src/application/writer';
import { BiddingModule } from '../src/bidding.module';
import { kindNeighbours } from './neighbours';
import { ids } from './writer-harness';

const TAKEN_OVER_MS_MAX = 30_000;

describe('of two bidding processes on one database', () => {
  let owner: TestService;
  let standby: TestService;

  beforeAll(async () => {
    owner = await startTestService(BiddingModule, { fakes: kindNeighbours });
    standby = await startTestService(BiddingModule, { fakes: kindNeighbours, env: { BIDDING_DATABASE_URL: owner.databaseUrl } });
  }, 60_000);
  afterAll(async () => {
    await standby.stop();
    await owner.stop(); // The database is its.
  });

  it('the second refuses commands to be sent again, passes nothing on, and does them under the same key when it has taken over', async () => {
    const [ann, market] = [{ id: ids.next('usr'), sessionId: ids.next('ses'), roles: ['buyer'] as const }, ids.next('mkt')];
    const bid = (at: TestService, minor: bigint, idempotencyKey: string) => at.client(BiddingService, ann).placeBid({ marketId: market, price: { currency: 'USD', minor }, idempotencyKey });
    await bid(owner, 440n, ids.next('key'));
    const key = ids.next('key');
    await expect(bid(standby, 450n, key)).rejects.toMatchObject({ kind: 'unavailable', code: 'bidding.not_owned', retryable: true });
    expect((await owner.client(BiddingService, ann).getMyBids({})).bids).toHaveLength(1);
    await owner.app.get(Writer).stop();
    await until('the second owns the shards', TAKEN_OVER_MS_MAX, () => standby.app.get(Writer).owned.size > 0);
    expect(await bid(standby, 450n, key)).toMatchObject({ bid: { status: 'active' }, replayed: false });
    expect((await standby.client(BiddingService, ann).getMyBids({})).bids).toHaveLength(2);
  }, 60_000);
});
