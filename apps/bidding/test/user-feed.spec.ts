import { BiddingService, type Quote, type WatchUserQuotesRequestSchema, type WatchUserQuotesResponse } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { AppError } from '@libs/kernel/app-error';
import type { CallUser } from '@libs/rpc/call-context';
import { until } from '@libs/testing/exchange-process';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { testRedis, type TestRedis } from '@libs/testing/test-redis';
import { Subject } from 'rxjs';
import { BiddingModule } from '../src/bidding.module';
import { kindNeighbours } from './neighbours';
import { ids } from './writer-harness';

const WAIT_MS = 30_000;

/** A gateway that watches users. */
class Gateway {
  readonly quotes: Quote[] = [];
  readonly readings: string[] = [];
  /** When the changes were committed, as bidding says. */
  readonly commitsAtMs: number[] = [];
  ended = false;
  private readonly wanted = new Subject<MessageInitShape<typeof WatchUserQuotesRequestSchema>>();

  constructor(service: TestService) {
    const next = ({ quotes, readAgain, committedAtMs }: WatchUserQuotesResponse) => {
      if (quotes.length > 0) this.commitsAtMs.push(Number(committedAtMs));
      this.quotes.push(...quotes);
      this.readings.push(...readAgain);
    };
    service.client(BiddingService).watchUserQuotes(this.wanted).subscribe({ next, error: () => (this.ended = true) });
  }

  async watches(...users: CallUser[]): Promise<void> {
    // The service listens a moment after the call; what is said again is heard once.
    await until('they are heard', WAIT_MS, async () => {
      this.wanted.next({ watch: users.map(({ id }) => id) });
      return users.every(({ id }) => this.readings.includes(id));
    });
  }

  leaves(user: CallUser): void {
    this.wanted.next({ unwatch: [user.id] });
  }

  async hears(count: number): Promise<string[]> {
    await until(() => `${count} changes: ${this.told().join(', ')}`, WAIT_MS, () => this.quotes.length >= count);
    return this.told();
  }

  private told(): string[] {
    return this.quotes.map(({ side, status, seq }) => `${side} ${status} at ${seq}`);
  }
}

describe.each(['in one process', 'over Redis'] as const)('a user\'s own quotes, pushed %s', (form) => {
  let service: TestService;
  let redis: TestRedis | undefined;

  beforeAll(async () => {
    redis = form === 'over Redis' ? await testRedis() : undefined;
    service = await startTestService(BiddingModule, {
      env: redis ? { REDIS_URL: redis.url } : {},
      fakes: kindNeighbours,
    });
  });
  afterAll(async () => {
    await service.stop();
    await redis?.close();
  });

  const user = (): CallUser => ({ id: ids.next('usr'), sessionId: ids.next('ses'), roles: ['buyer', 'seller'] });
  const bids = (by: CallUser, marketId: string, minor: number) => service.client(BiddingService, by).placeBid({ marketId, price: { currency: 'USD', minor: BigInt(minor) }, idempotencyKey: ids.next('key') });
  const asks = (by: CallUser, marketId: string, minor: number) => service.client(BiddingService, by).placeAsk({ marketId, price: { currency: 'USD', minor: BigInt(minor) }, idempotencyKey: ids.next('key') });

  it('a buyer is told of a bid when it rests, meets an ask and loses it again; the seller of the ask that comes back', async () => {
    const [ann, sam, market, gateway] = [user(), user(), ids.next('mkt'), new Gateway(service)];
    await gateway.watches(ann, sam);
    const { bid } = await bids(ann, market, 450);
    const { match } = await asks(sam, market, 450);
    await service.client(BiddingService, 'order').bustMatch({ matchId: match?.id, reason: 'payment_failed' });
    expect(await gateway.hears(5)).toEqual(['bid active at 1', 'bid matched at 2', 'ask matched at 2', 'bid cancelled at 3', 'ask active at 3']);
    expect(gateway.quotes.map(({ userId, matchId }) => [userId, matchId])).toEqual([[ann.id, ''], [ann.id, match?.id], [sam.id, match?.id], [ann.id, ''], [sam.id, '']]);
    const [pushed, read] = [gateway.quotes[3], (await service.client(BiddingService, ann).getMyBids({ bidId: bid?.id })).bids[0]];
    expect(pushed).toEqual(read);
  });

  it('what is told says when it was committed', async () => {
    const [ann, market, gateway] = [user(), ids.next('mkt'), new Gateway(service)];
    await gateway.watches(ann);
    const beforeMs = Date.now();
    await bids(ann, market, 450);
    await gateway.hears(1);
    const [committedAtMs = 0] = gateway.commitsAtMs;
    expect([committedAtMs >= beforeMs, committedAtMs <= Date.now()]).toEqual([true, true]);
  });

  it('what comes back and meets another at once is told as of both', async () => {
    const [ann, sam, sue, market, gateway] = [user(), user(), user(), ids.next('mkt'), new Gateway(service)];
    const { match } = await asks(sam, market, 450).then(() => bids(ann, market, 450));
    await bids(sue, market, 450);
    await gateway.watches(sam);
    await service.client(BiddingService, 'order').bustMatch({ matchId: match?.id, reason: 'payment_failed' });
    expect(await gateway.hears(2)).toEqual(['ask matched at 4', 'ask matched at 5']);
    const { asks: read } = await service.client(BiddingService, sam).getMyAsks({});
    expect(gateway.quotes.map(({ matchId }) => matchId)).toEqual([read[0]?.matchId, read[0]?.matchId]);
  });

  it('nobody is told of another\'s, nor of one\'s own any longer than wanted', async () => {
    const [ann, eve, market, gateway, eves] = [user(), user(), ids.next('mkt'), new Gateway(service), new Gateway(service)];
    await Promise.all([gateway.watches(ann), eves.watches(eve)]);
    await bids(ann, market, 450);
    await gateway.hears(1);
    gateway.leaves(ann);
    await gateway.watches(eve);
    await bids(ann, market, 440);
    await bids(eve, market, 430);
    await Promise.all([gateway.hears(2), eves.hears(1)]);
    expect(gateway.quotes.map(({ userId }) => userId)).toEqual([ann.id, eve.id]);
    expect(eves.quotes.map(({ userId }) => userId)).toEqual([eve.id]);
  });

  it('what is read says of which moment it is, so that an older change is known as such', async () => {
    const [ann, market] = [user(), ids.next('mkt')];
    await bids(ann, market, 450);
    await bids(ann, market, 440);
    const { bids: read } = await service.client(BiddingService, ann).getMyBids({ marketId: market });
    expect(read.map(({ seq }) => seq)).toEqual([2n, 2n]);
  });

  it('is for the gateway alone', async () => {
    const refusal = new Promise((resolve) => service.client(BiddingService, 'order').watchUserQuotes(new Subject()).subscribe({ error: resolve }));
    expect(await refusal).toMatchObject(new AppError('forbidden', 'rpc.service_not_allowed', 'This service may not do that.'));
  });

  it('a commit that a lost session may have made unheard is read again', async () => {
    const [ann, gateway] = [user(), new Gateway(service)];
    await gateway.watches(ann);
    const readings = gateway.readings.length;
    await service.sql.query(`select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database where l.locktype = 'advisory' and d.datname = current_database() and l.pid <> pg_backend_pid()`);
    await until('it is read again', WAIT_MS, () => gateway.readings.length > readings);
  });

  it('a stream ends with its service, and the next one has everything read again', async () => {
    const [ann, market, gateway] = [user(), ids.next('mkt'), new Gateway(service)];
    await gateway.watches(ann);
    await service.restart();
    expect(gateway.ended).toBe(true);
    await bids(ann, market, 450);
    const again = new Gateway(service);
    await again.watches(ann);
    expect((await service.client(BiddingService, ann).getMyBids({})).bids).toMatchObject([{ status: 'active', seq: 1n }]);
    expect(again.readings).toContain(ann.id);
  });
});
