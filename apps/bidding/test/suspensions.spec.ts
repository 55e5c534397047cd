import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { AppError } from '@libs/kernel/app-error';
import type { CallUser } from '@libs/rpc/call-context';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { BiddingModule } from '../src/bidding.module';
import { kindNeighbours } from './neighbours';
import { ids } from './writer-harness';

const usd = (minor: number) => ({ currency: 'USD', minor: BigInt(minor) });
const codeOf = (work: Promise<unknown>) => work.then(() => 'done', (error: unknown) => (error instanceof AppError ? error.code : String(error)));
const newUser = (): CallUser => ({ id: ids.next('usr'), sessionId: ids.next('ses'), roles: ['buyer', 'seller'] });

describe('a suspension', () => {
  let service: TestService;
  /** Who may not sell, as the user service knows before it has told of it. */
  const notSelling = new Set<string>();
  beforeAll(async () => {
    const [, payment, product] = kindNeighbours;
    const getTradingFacts = async ({ userId }: { readonly userId: string }) => ({
      exists: true, emailVerified: true, sellingSuspended: notSelling.has(userId), addresses: [{ addressId: ids.next('adr'), versionId: ids.next('adv') }],
    });
    service = await startTestService(BiddingModule, { fakes: [[UserService, { getTradingFacts }], payment, product] });
  });
  afterAll(() => service.stop());

  const as = (user: CallUser) => service.client(BiddingService, user);
  const ask = (user: CallUser, marketId: string, minor: number) => as(user).placeAsk({ marketId, price: usd(minor), idempotencyKey: ids.next('key') });
  const bid = (user: CallUser, marketId: string, minor: number) => as(user).placeBid({ marketId, price: usd(minor), idempotencyKey: ids.next('key') });
  const sellNow = (user: CallUser, marketId: string, minor: number) => as(user).sellNow({ marketId, limit: usd(minor), idempotencyKey: ids.next('key') });
  const askOf = async (user: CallUser, askId?: string) => (await as(user).getMyAsks({ askId })).asks[0];
  const bidOf = async (user: CallUser, bidId?: string) => (await as(user).getMyBids({ bidId })).bids[0];
  const eventsOf = async (marketId: string) => (await service.published()).filter(({ key }) => key === marketId).map(({ name }) => name);

  /** Told twice, as every event may be. */
  async function suspended({ id }: CallUser, scope: string, reason: string): Promise<void> {
    await (await service.deliver('user.suspended', id, { userId: id, scope, reason })).again();
    await service.settled();
  }

  async function reinstated({ id }: CallUser): Promise<void> {
    await (await service.deliver('user.reinstated', id, { userId: id })).again();
    await service.settled();
  }

  it('cancels what is open, once, and reinstatement restores nothing', async () => {
    const [ann, market] = [newUser(), ids.next('mkt')];
    const { bid: placed } = await bid(ann, market, 450);
    await suspended(ann, 'all', 'admin');
    expect(await bidOf(ann, placed?.id)).toMatchObject({ status: 'cancelled', reason: 'suspended' });
    expect(await codeOf(bid(ann, market, 450))).toBe('bidding.user_suspended');
    await reinstated(ann);
    expect(await codeOf(bid(ann, market, 450))).toBe('done');
    expect(await eventsOf(market)).toEqual(['bid.placed', 'bid.cancelled', 'bid.placed']);
  });

  it('of buying leaves the asks, and takes new ones', async () => {
    const [ann, market] = [newUser(), ids.next('mkt')];
    const [{ bid: open }, { ask: standing }] = [await bid(ann, market, 400), await ask(ann, market, 500)];
    await suspended(ann, 'buying', 'unpaid_wins');
    expect([await bidOf(ann, open?.id), await askOf(ann, standing?.id)]).toMatchObject([{ status: 'cancelled', reason: 'suspended' }, { status: 'active' }]);
    expect([await codeOf(bid(ann, market, 400)), await codeOf(ask(ann, market, 510))]).toEqual(['bidding.user_suspended', 'done']);
  });

  it('of selling takes the asks out of every market, leaves the bids and what is sold, and none can be raised again', async () => {
    const [sam, ann, market, other] = [newUser(), newUser(), ids.next('mkt'), ids.next('mkt')];
    const asks = [await ask(sam, market, 460), await ask(sam, other, 460)].map((placed) => placed.ask?.id);
    const { bid: standing } = await bid(sam, market, 400);
    const { ask: sold } = await ask(sam, market, 450);
    const { match } = await bid(ann, market, 450);
    await suspended(sam, 'selling', 'unshipped_sales');
    for (const askId of asks) expect(await askOf(sam, askId)).toMatchObject({ status: 'cancelled', reason: 'suspended' });
    expect((await as(ann).getOrderBook({ marketId: market })).asks).toEqual([]);
    expect(await codeOf(as(sam).amendAsk({ askId: asks[0], price: usd(470), idempotencyKey: 'up' }))).toBe('bidding.not_open');
    expect([await bidOf(sam, standing?.id), await askOf(sam, sold?.id)]).toMatchObject([{ status: 'active' }, { status: 'matched', matchId: match?.id }]);
    expect(await eventsOf(other)).toEqual(['ask.placed', 'ask.cancelled']);
  });

  it('of selling refuses asks and Sell Now and takes bids, after a restart too, until a reinstatement', async () => {
    const [sam, ann, market] = [newUser(), newUser(), ids.next('mkt')];
    await bid(ann, market, 440);
    await ask(sam, market, 460);
    await suspended(sam, 'selling', 'unshipped_sales');
    const tries = async () => [await codeOf(ask(sam, market, 460)), await codeOf(sellNow(sam, market, 430)), await codeOf(bid(sam, market, 410))];
    expect(await tries()).toEqual(['bidding.selling_suspended', 'bidding.selling_suspended', 'done']);
    await service.restart();
    expect(await tries()).toEqual(['bidding.selling_suspended', 'bidding.selling_suspended', 'done']);
    await reinstated(sam);
    expect((await as(ann).getOrderBook({ marketId: market })).asks).toEqual([]);
    expect([await codeOf(ask(sam, market, 460)), await codeOf(sellNow(sam, market, 430))]).toEqual(['done', 'done']);
  });

  it('of selling is asked of the user service where nothing was told of the user yet, and is kept', async () => {
    const [sam, market] = [newUser(), ids.next('mkt')];
    notSelling.add(sam.id);
    expect(await codeOf(ask(sam, market, 460))).toBe('bidding.selling_suspended');
    await service.restart();
    expect([await codeOf(ask(sam, market, 460)), await codeOf(bid(sam, market, 400))]).toEqual(['bidding.selling_suspended', 'done']);
  });

  it('of selling cancels an ask that comes back from a purchase that was not paid', async () => {
    const [sam, ann, market] = [newUser(), newUser(), ids.next('mkt')];
    const { ask: sold } = await ask(sam, market, 450);
    const { match } = await bid(ann, market, 450);
    await suspended(sam, 'selling', 'unshipped_sales');
    await service.client(BiddingService, 'order').bustMatch({ matchId: match?.id, reason: 'payment_failed' });
    expect(await askOf(sam, sold?.id)).toMatchObject({ status: 'cancelled', reason: 'suspended' });
  });
});
