import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import { ProductService } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { AppError } from '@libs/kernel/app-error';
import { WallClock } from '@libs/kernel/clock';
import type { CallUser } from '@libs/rpc/call-context';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { firstValueFrom, from, mergeMap, Subject, takeWhile, toArray } from 'rxjs';
import { BiddingModule } from '../src/bidding.module';
import { ids } from './writer-harness';

/** What the services that own the facts would say of somebody. */
interface Known {
  cards: string[];
  addresses: { addressId: string; versionId: string }[];
  payout: boolean;
  suspended: boolean;
  emailVerified: boolean;
}

describe('bidding, as its callers see it', () => {
  let service: TestService;
  const known = new Map<string, Known>();
  let asked = 0;
  const productId = ids.next('prd');

  const marketFields = (id: string) => ({ id, productId, size: '10', condition: 'new', currency: 'USD', tickMinor: 100n, minPriceMinor: 2_500n, maxPriceMinor: 10_000_000n, status: 'active' });
  const catalogue = new Set<string>();

  beforeAll(async () => {
    service = await startTestService(BiddingModule, {
      fakes: [
        [UserService, { getTradingFacts: async ({ userId }) => {
          asked++;
          const facts = known.get(userId);
          return { exists: facts !== undefined, suspended: facts?.suspended ?? false, buyingSuspended: false, emailVerified: facts?.emailVerified ?? false, addresses: facts?.addresses ?? [] };
        } }],
        [PaymentService, { getTradingFacts: async ({ userId }) => ({ paymentMethodIds: known.get(userId)?.cards ?? [], payoutAccountEnabled: known.get(userId)?.payout ?? false }) }],
        [ProductService, { getMarkets: async ({ marketIds }) => ({ markets: marketIds.filter((id) => catalogue.has(id)).map(marketFields) }) }],
      ],
    });
  });
  afterAll(() => service.stop());

  function newMarket(): string {
    const id = ids.next('mkt');
    catalogue.add(id);
    return id;
  }

  function newUser({ emailVerified = true } = {}): CallUser {
    const id = ids.next('usr');
    known.set(id, { cards: [ids.next('pm')], addresses: [{ addressId: ids.next('adr'), versionId: ids.next('adv') }], payout: true, suspended: false, emailVerified });
    return { id, sessionId: ids.next('ses'), roles: ['buyer', 'seller'] };
  }

  const usd = (minor: number) => ({ currency: 'USD', minor: BigInt(minor) });
  const as = (user: CallUser) => service.client(BiddingService, user);
  const ask = (user: CallUser, marketId: string, minor: number, idempotencyKey: string = ids.next('key')) => as(user).placeAsk({ marketId, price: usd(minor), idempotencyKey });
  const bid = (user: CallUser, marketId: string, minor: number, idempotencyKey: string = ids.next('key')) => as(user).placeBid({ marketId, price: usd(minor), idempotencyKey });
  const codeOf = (work: Promise<unknown>) => work.then(() => 'done', (error: unknown) => (error instanceof AppError ? error.code : String(error)));
  const eventsOf = async (marketId: string) => (await service.published()).filter(({ key }) => key === marketId).map(({ name }) => name);

  it('matches a bid and an ask of people and a market that it has not heard of before', async () => {
    const [ann, sam, market] = [newUser(), newUser(), newMarket()];
    const { ask: resting } = await ask(sam, market, 45_000);
    const answer = await bid(ann, market, 47_000);
    expect(resting).toMatchObject({ status: 'active', side: 'ask', userId: sam.id, addressVersionId: known.get(sam.id)?.addresses[0]?.versionId });
    expect(answer).toMatchObject({ bid: { status: 'matched', paymentMethodId: known.get(ann.id)?.cards[0] }, match: { askId: resting?.id, price: usd(45_000) }, bookSeq: 2n, replayed: false });
    expect(await eventsOf(market)).toEqual(['ask.placed', 'match.created']);
  });

  it('tells the order service all that it needs', async () => {
    const [ann, sam, market] = [newUser(), newUser(), newMarket()];
    const { ask: resting } = await ask(sam, market, 45_000);
    const { bid: placed, match } = await bid(ann, market, 45_000);
    const created = (await service.publishedOf('match.created')).find(({ key }) => key === market);
    expect(created?.kseq).toBe(1);
    expect(created?.event).toMatchObject({
      marketId: market, marketSeq: 2n, matchId: match?.id, productId, size: '10', bidId: placed?.id, askId: resting?.id, buyerId: ann.id, sellerId: sam.id, price: usd(45_000),
      paymentMethodId: known.get(ann.id)?.cards[0], buyerAddressVersionId: known.get(ann.id)?.addresses[0]?.versionId, sellerAddressVersionId: known.get(sam.id)?.addresses[0]?.versionId,
      incoming: { id: placed?.id, side: 'bid', status: 'matched', matchId: match?.id, price: usd(45_000), priority: 2n },
      matchedAt: timestampFromDate(service.clock.now()), bidAcceptedAt: timestampFromDate(service.clock.now()), askAcceptedAt: timestampFromDate(service.clock.now()),
    });
  });

  it('one always sees one\'s own quote in the book', async () => {
    const [ann, sam, market] = [newUser(), newUser(), newMarket()];
    await bid(ann, market, 44_000);
    await bid(ann, market, 44_000);
    const { bookSeq } = await ask(sam, market, 46_000);
    const book = await as(ann).getOrderBook({ marketId: market, minSeq: bookSeq });
    expect(book).toMatchObject({ seq: 3n, state: 'open', bids: [{ priceMinor: 44_000n, quotes: 2 }], asks: [{ priceMinor: 46_000n, quotes: 1 }] });
    const { markets } = await as(ann).getMarketData({ marketIds: [market] });
    expect(markets).toMatchObject([{ marketId: market, productId, lowestAskMinor: 46_000n, highestBidMinor: 44_000n, numberOfBids: 2, numberOfAsks: 1, spreadMinor: 2_000n, sellFasterMinor: 44_000n, earnMoreMinor: 45_900n }]);
    expect(markets[0]?.lastSaleMinor).toBeUndefined();
    expect(await as(ann).countActiveAsks({ marketId: market })).toMatchObject({ activeAsks: 1 });
  });

  it('a card that was added a moment ago counts; a "no" is not asked for twice at once', async () => {
    const [ann, market] = [newUser(), newMarket()];
    const facts = known.get(ann.id) as Known;
    const card = facts.cards.splice(0);
    asked = 0;
    // It is remembered for two seconds of the machine's time, which stands still meanwhile.
    const wall = jest.spyOn(service.app.get(WallClock), 'now').mockReturnValue(new Date());
    expect(await codeOf(bid(ann, market, 44_000))).toBe('bidding.payment_method_required');
    expect(await codeOf(bid(ann, market, 44_000))).toBe('bidding.payment_method_required');
    wall.mockRestore();
    expect(asked).toBe(1);
    await service.deliver('payment_method.verified', ann.id, { userId: ann.id, paymentMethodId: card[0] ?? '', isDefault: true });
    await service.settled();
    expect(await codeOf(bid(ann, market, 44_000))).toBe('done');
  });

  it.each(['bid', 'ask'] as const)('takes no %s of somebody whose e-mail address is not verified, and takes it a moment after it is', async (side) => {
    const [ann, market] = [newUser({ emailVerified: false }), newMarket()];
    const place = () => codeOf((side === 'bid' ? bid : ask)(ann, market, 44_000));
    expect([await place(), await place()]).toEqual(['bidding.email_not_verified', 'bidding.email_not_verified']);
    await (await service.deliver('user.email_verified', ann.id, { userId: ann.id })).again();
    await service.settled();
    expect(await place()).toBe('done');
  });

  it('asks the user service once about an address that it has not heard is verified, and keeps the yes', async () => {
    const [ann, market] = [newUser(), newMarket()];
    await service.deliver('user.suspended', ann.id, { userId: ann.id, scope: 'all', reason: 'admin' });
    await service.deliver('user.reinstated', ann.id, { userId: ann.id });
    await service.settled();
    asked = 0;
    expect([await codeOf(bid(ann, market, 44_000)), await codeOf(bid(ann, market, 43_000)), asked]).toEqual(['done', 'done', 1]);
    await service.restart();
    expect([await codeOf(bid(ann, market, 42_000)), asked]).toEqual(['done', 1]);
  });

  it('refuses in words that clients can switch on', async () => {
    const [ann, sam, market] = [newUser(), newUser(), newMarket()];
    expect(await codeOf(bid(ann, ids.next('mkt'), 44_000))).toBe('bidding.market_not_found');
    expect(await codeOf(bid(ann, 'nonsense', 44_000))).toBe('bidding.market_not_found');
    expect(await codeOf(bid(ann, market, 44_050))).toBe('bidding.price_tick');
    expect(await codeOf(bid(ann, market, 2_400))).toBe('bidding.price_too_low');
    expect(await codeOf(as(ann).placeBid({ marketId: market, price: { currency: 'EUR', minor: 44_000n }, idempotencyKey: 'eur' }))).toBe('bidding.currency_mismatch');
    expect(await codeOf(as(ann).placeBid({ marketId: market, price: usd(44_000), idempotencyKey: '' }))).toBe('bidding.key_missing');
    expect(await codeOf(as(ann).buyNow({ marketId: market, limit: usd(44_000), idempotencyKey: 'b1' }))).toBe('bidding.no_quotes');
    const { ask: own } = await ask(sam, market, 46_000);
    expect(await codeOf(as(ann).buyNow({ marketId: market, limit: usd(44_000), idempotencyKey: 'b2' }))).toBe('bidding.price_moved');
    expect(await codeOf(bid(sam, market, 46_000))).toBe('bidding.self_match');
    expect(await codeOf(as(ann).cancelAsk({ askId: own?.id, idempotencyKey: 'c' }))).toBe('bidding.quote_not_found');
    await as(ann).buyNow({ marketId: market, limit: usd(47_000), idempotencyKey: 'b3' });
    expect(await codeOf(as(sam).cancelAsk({ askId: own?.id, idempotencyKey: 'c1' }))).toBe('bidding.already_matched');
    const { bid: other } = await bid(ann, market, 40_000);
    await as(ann).cancelBid({ bidId: other?.id, idempotencyKey: 'c2' });
    expect(await codeOf(as(ann).cancelBid({ bidId: other?.id, idempotencyKey: 'c3' }))).toBe('bidding.not_open');
  });

  it('lists one\'s own quotes page by page, and nobody else\'s', async () => {
    const [ann, bob, market] = [newUser(), newUser(), newMarket()];
    const placed: (string | undefined)[] = [];
    for (const minor of [40_000, 41_000, 42_000]) placed.unshift((await bid(ann, market, minor)).bid?.id);
    const first = await as(ann).getMyBids({ limit: 2 });
    expect(first.bids.map(({ id }) => id)).toEqual(placed.slice(0, 2));
    const second = await as(ann).getMyBids({ limit: 2, cursor: first.nextCursor });
    expect([second.bids.map(({ id }) => id), second.nextCursor]).toEqual([placed.slice(2), '']);
    expect((await as(bob).getMyBids({ bidId: placed[0] })).bids).toEqual([]);
    expect((await as(ann).getMyBids({ bidId: placed[0] })).bids).toMatchObject([{ id: placed[0], price: usd(42_000), status: 'active' }]);
    expect(await codeOf(as(ann).getMyBids({ cursor: 'nonsense' }))).toBe('bidding.cursor_malformed');
  });

  it('answers a batch on the stream by reference, refusals among them', async () => {
    const [ann, sam, market] = [newUser(), newUser(), newMarket()];
    await ask(sam, market, 45_000);
    const place = (ref: bigint, user: CallUser, minor: number, deadlineMs = 0n) => ({
      ref, deadlineMs, caller: { userId: user.id, sessionId: user.sessionId }, command: { case: 'placeBid' as const, value: { marketId: market, price: usd(minor), idempotencyKey: `k${ref}` } },
    });
    const messages = await firstValueFrom(service.client(BiddingService).trade(from([{ commands: [place(1n, ann, 45_000), place(2n, sam, 44_000), place(3n, ann, 44_050), place(4n, ann, 44_000, 1n)] }])).pipe(toArray()));
    const answers = messages.flatMap((message) => message.answers).sort((a, b) => Number(a.ref - b.ref));
    expect(answers).toMatchObject([
      { ref: 1n, outcome: { case: 'placedBid', value: { bid: { status: 'matched' }, match: { price: usd(45_000) } } } },
      { ref: 2n, outcome: { case: 'placedBid', value: { bid: { status: 'active' } } } },
      { ref: 3n, outcome: { case: 'refusal', value: { kind: 'rejected', code: 'bidding.price_tick', details: { tick: '100' } } } },
      { ref: 4n, outcome: { case: 'refusal', value: { kind: 'unavailable', code: 'bidding.deadline' } } },
    ]);
  });

  it('only the gateway may speak for everybody, and only the order service may bust', async () => {
    expect(await codeOf(firstValueFrom(service.client(BiddingService, 'order').trade(new Subject())))).toBe('rpc.service_not_allowed');
    expect(await codeOf(service.client(BiddingService, 'gateway').bustMatch({ matchId: ids.next('mtc'), reason: 'admin' }))).toBe('rpc.service_not_allowed');
    expect(await codeOf(as(newUser()).haltMarket({ marketId: newMarket(), reason: 'x', idempotencyKey: 'h' }))).toBe('rpc.role_missing');
  });

  it('a bust gives the ask its place back, once, and takes a paid sale out of the last sales', async () => {
    const [ann, bob, sam, market] = [newUser(), newUser(), newUser(), newMarket()];
    const order = service.client(BiddingService, 'order');
    const { ask: resting } = await ask(sam, market, 45_000);
    const { match } = await bid(ann, market, 45_000);
    const both = await Promise.all([order.bustMatch({ matchId: match?.id, reason: 'payment_failed' }), order.bustMatch({ matchId: match?.id, reason: 'payment_failed' })]);
    expect(both.map(({ busted }) => busted)).toContain(true);
    expect((await order.bustMatch({ matchId: match?.id, reason: 'payment_failed' })).busted).toBe(false);
    expect(await codeOf(order.bustMatch({ matchId: ids.next('mtc'), reason: 'payment_failed' }))).toBe('bidding.match_not_found');
    expect(await codeOf(order.bustMatch({ matchId: match?.id, reason: 'why not' }))).toBe('bidding.bust_reason_unknown');
    const again = await bid(bob, market, 45_000);
    expect(again.match?.askId).toBe(resting?.id);
    expect(await eventsOf(market)).toEqual(['ask.placed', 'match.created', 'trade.busted', 'match.created']);

    const orderId = ids.next('ord');
    await service.deliver('order.created', orderId, { orderId, matchId: again.match?.id, marketId: market, price: usd(45_000), paidAt: timestampFromDate(service.clock.now()) });
    await service.settled();
    expect((await as(ann).getMarketData({ marketIds: [market] })).markets).toMatchObject([{ lastSaleMinor: 45_000n }]);
    expect(await codeOf(order.bustMatch({ matchId: again.match?.id, reason: 'payment_failed' }))).toBe('bidding.match_completed');
    await order.bustMatch({ matchId: again.match?.id, reason: 'inspection_failed' });
    await service.settled();
    expect((await as(ann).getMarketData({ marketIds: [market] })).markets[0]?.lastSaleMinor).toBeUndefined();
  });

  it('an admin halts and resumes; cancels go on', async () => {
    const [ann, sam, market] = [newUser(), newUser(), newMarket()];
    const admin: CallUser = { ...newUser(), roles: ['admin'] };
    const { ask: resting } = await ask(sam, market, 45_000);
    expect(await as(admin).haltMarket({ marketId: market, reason: 'odd prices', idempotencyKey: 'h1' })).toMatchObject({ state: 'halted', seq: 2n });
    expect(await as(admin).haltMarket({ marketId: market, reason: 'odd prices', idempotencyKey: 'h1' })).toMatchObject({ state: 'halted', seq: 2n });
    expect(await codeOf(bid(ann, market, 45_000))).toBe('bidding.market_halted');
    expect((await as(ann).getOrderBook({ marketId: market, minSeq: 2n })).state).toBe('halted');
    expect(await as(sam).cancelAsk({ askId: resting?.id, idempotencyKey: 'c' })).toMatchObject({ ask: { status: 'cancelled', reason: 'user' } });
    expect(await as(admin).resumeMarket({ marketId: market, reason: 'all well', idempotencyKey: 'h2' })).toMatchObject({ state: 'open' });
    expect(await eventsOf(market)).toEqual(['ask.placed', 'market.halted', 'ask.cancelled', 'market.resumed']);
  });

  it('quotes expire when the business clock passes their end', async () => {
    const [ann, market] = [newUser(), newMarket()];
    const { bid: placed } = await as(ann).placeBid({ marketId: market, price: usd(45_000), expiresInDays: 1, idempotencyKey: 'e' });
    service.clock.passes({ days: 1 });
    await service.settled();
    expect((await as(ann).getMyBids({ bidId: placed?.id })).bids).toMatchObject([{ status: 'expired' }]);
    expect(await eventsOf(market)).toEqual(['bid.placed', 'bid.expired']);
  });

  it('a removed card or a replaced address moves the quote to what is left; with nothing left it ends', async () => {
    const [ann, market] = [newUser(), newMarket()];
    const facts = known.get(ann.id) as Known;
    const { bid: placed } = await bid(ann, market, 45_000);
    const [second, address] = [ids.next('pm'), facts.addresses[0]];
    await service.deliver('payment_method.verified', ann.id, { userId: ann.id, paymentMethodId: second, isDefault: false });
    await service.deliver('payment_method.removed', ann.id, { userId: ann.id, paymentMethodId: facts.cards[0] });
    const replaced = ids.next('adv');
    await service.deliver('address.removed', ann.id, { userId: ann.id, addressId: address?.addressId, versionId: address?.versionId, replacedBy: replaced });
    await service.settled();
    expect((await as(ann).getMyBids({ bidId: placed?.id })).bids).toMatchObject([{ status: 'active', paymentMethodId: second, addressVersionId: replaced }]);
    await service.deliver('payment_method.removed', ann.id, { userId: ann.id, paymentMethodId: second });
    await service.settled();
    expect((await as(ann).getMyBids({ bidId: placed?.id })).bids).toMatchObject([{ status: 'cancelled', reason: 'payment_method_removed' }]);
  });

  it('markets come, change and go with their product', async () => {
    const [ann, market] = [newUser(), ids.next('mkt')];
    const product = { id: productId, markets: [marketFields(market)] };
    await service.deliver('product.created', productId, { product });
    await service.settled();
    const { bid: placed } = await bid(ann, market, 45_000);
    await service.deliver('product.updated', productId, { product: { ...product, markets: [{ ...marketFields(market), tickMinor: 500n }] } });
    await service.settled();
    expect(await codeOf(bid(ann, market, 45_100))).toBe('bidding.price_tick');
    await service.deliver('product.retired', productId, { productId, marketIds: [market], reason: 'gone' });
    await service.settled();
    expect((await as(ann).getMyBids({ bidId: placed?.id })).bids).toMatchObject([{ status: 'cancelled', reason: 'market_retired' }]);
    expect(await codeOf(bid(ann, market, 45_000))).toBe('bidding.market_retired');
    expect((await as(ann).getMarketData({ marketIds: [market] })).markets).toMatchObject([{ state: 'retired', numberOfBids: 0 }]);
  });

  it('gateways are told of every change of a book', async () => {
    const [ann, sam, market] = [newUser(), newUser(), newMarket()];
    const heard = firstValueFrom(service.client(BiddingService).watchMarkets({}).pipe(
      mergeMap(({ updates }) => updates.filter(({ marketId }) => marketId === market)), takeWhile(({ seq }) => seq < 3n, true), toArray(),
    ));
    await Promise.all([bid(ann, market, 44_000), bid(ann, market, 44_000), ask(sam, market, 46_000)]);
    const updates = await heard;
    expect(updates.at(-1)).toMatchObject({ seq: 3n, state: 'open', lowestAskMinor: 46_000n, highestBidMinor: 44_000n, numberOfBids: 2, numberOfAsks: 1 });
    expect([updates.flatMap(({ bidChanges }) => bidChanges).at(-1), ...updates.flatMap(({ askChanges }) => askChanges)]).toMatchObject([{ priceMinor: 44_000n, quotes: 2 }, { priceMinor: 46_000n, quotes: 1 }]);
  });

  it('after a restart everything is as it was', async () => {
    const [ann, sam, market] = [newUser(), newUser(), newMarket()];
    await ask(sam, market, 46_000);
    await bid(ann, market, 44_000);
    await service.restart();
    expect(await as(ann).getOrderBook({ marketId: market })).toMatchObject({ seq: 2n, bids: [{ priceMinor: 44_000n }], asks: [{ priceMinor: 46_000n }] });
    expect((await bid(ann, market, 46_000)).match).toMatchObject({ price: usd(46_000) });
  });
});
