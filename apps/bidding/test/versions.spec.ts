import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { AppError } from '@libs/kernel/app-error';
import { uuidOfOwn } from '@libs/kernel/ids';
import { migrate } from '@libs/postgres/migrate';
import type { CallUser } from '@libs/rpc/call-context';
import { until } from '@libs/testing/exchange-process';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { testDatabase } from '@libs/testing/test-database';
import { Client } from 'pg';
import { BiddingModule } from '../src/bidding.module';
import type { Reply } from '../src/application/ticket';
import { Writer } from '../src/application/writer';
import { kindNeighbours } from './neighbours';
import { Harness, ids, MIGRATIONS, quoteIdOf, said } from './writer-harness';

const WAIT_MS = 30_000;
const usd = (minor: number) => ({ currency: 'USD', minor: BigInt(minor) });
const codeOf = (work: Promise<unknown>) => work.then(() => 'done', (error: unknown) => (error instanceof AppError ? `${error.code} ${error.details.version ?? ''}`.trim() : String(error)));

describe('the version of a quote, as its owner sees it', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService(BiddingModule, {
      fakes: kindNeighbours,
    });
  });
  afterAll(() => service.stop());

  const newUser = (): CallUser => ({ id: ids.next('usr'), sessionId: ids.next('ses'), roles: ['buyer', 'seller'] });
  const as = (user: CallUser) => service.client(BiddingService, user);

  async function bidOf(user: CallUser, marketId: string = ids.next('mkt')) {
    const placing = { marketId, price: usd(450), idempotencyKey: ids.next('key') };
    const { bid } = await as(user).placeBid(placing);
    const bidId = bid?.id ?? '';
    return {
      bid, bidId, marketId,
      placeAgain: () => as(user).placeBid(placing),
      amend: (minor: number, seen: number, idempotencyKey: string = ids.next('key')) => as(user).amendBid({ bidId, price: usd(minor), expectedVersion: BigInt(seen), idempotencyKey }),
      read: async () => (await as(user).getMyBids({ bidId })).bids[0],
    };
  }

  it('is told with every answer', async () => {
    const ann = newUser();
    const { bid, bidId, amend, read } = await bidOf(ann);
    const amended = (await amend(460, 1)).bid;
    const cancelled = (await as(ann).cancelBid({ bidId, idempotencyKey: ids.next('key') })).bid;
    expect([bid, amended, cancelled, await read()].map((quote) => quote?.version)).toEqual([1n, 2n, 3n, 3n]);
  });

  it('that was seen before another change is refused with the present one; the bid and its market stay as they are', async () => {
    const { marketId, amend, read } = await bidOf(newUser());
    await amend(460, 1);
    expect(await codeOf(amend(440, 1))).toBe('bidding.stale 2');
    expect(await read()).toMatchObject({ price: usd(460), version: 2n, seq: 2n });
    expect((await service.published()).filter(({ key }) => key === marketId).map(({ name }) => name)).toEqual(['bid.placed', 'bid.updated']);
  });

  it('holds for asks too, and who names none amends whatever is there', async () => {
    const [sam, marketId] = [newUser(), ids.next('mkt')];
    const { ask } = await as(sam).placeAsk({ marketId, price: usd(450), idempotencyKey: ids.next('key') });
    const amend = (minor: number, expectedVersion: bigint) => as(sam).amendAsk({ askId: ask?.id, price: usd(minor), expectedVersion, idempotencyKey: ids.next('key') });
    await amend(460, 1n);
    expect(await codeOf(amend(470, 1n))).toBe('bidding.stale 2');
    expect((await amend(480, 0n)).ask).toMatchObject({ price: usd(480), version: 3n });
  });

  it('lets one of two tabs through that amend at the same moment', async () => {
    const { amend, read } = await bidOf(newUser());
    const outcomes = await Promise.all([codeOf(amend(460, 1)), codeOf(amend(470, 1))]);
    expect(outcomes.sort()).toEqual(['bidding.stale 2', 'done']);
    expect((await read())?.version).toBe(2n);
  });

  it('does not make a repeated request stale: the same key answers what it answered, whatever has changed since', async () => {
    const { placeAgain, amend } = await bidOf(newUser());
    const first = await amend(460, 1, 'amend-once');
    await amend(470, 2);
    expect(await amend(460, 1, 'amend-once')).toEqual({ ...first, replayed: true });
    expect((await placeAgain()).bid).toMatchObject({ price: usd(450), version: 1n });
  });

  it('is part of the request: one key with another version is refused', async () => {
    const { amend } = await bidOf(newUser());
    await amend(460, 1, 'one-key');
    expect(await codeOf(amend(460, 2, 'one-key'))).toBe('bidding.key_reused');
    // A refusal takes no key: having read the bid again, one may go on with it.
    expect(await codeOf(amend(470, 1, 'another-key'))).toBe('bidding.stale 2');
    expect(await codeOf(amend(470, 2, 'another-key'))).toBe('done');
  });

  it('counts a bust once, also when the batch that it came in is rolled back for another command', async () => {
    const [sam, { marketId, read }, writer] = [newUser(), await bidOf(newUser()), service.app.get(Writer)];
    const { match } = await as(sam).placeAsk({ marketId, price: usd(450), idempotencyKey: ids.next('key') });
    const queued = (depth: number) => until(`${depth} commands are queued`, WAIT_MS, () => writer.depth === depth);
    const other = new Client({ connectionString: service.databaseUrl });
    await other.connect();
    // Nothing commits while this lasts, so what comes meanwhile is written together.
    await other.query('begin; select id from shards for no key update');
    const held = bidOf(newUser(), marketId);
    await queued(1);
    const busting = service.client(BiddingService, 'order').bustMatch({ matchId: match?.id, reason: 'reserve_failed' });
    await queued(2);
    writer.submit({ run: () => { throw new TypeError('poison'); }, settle: () => undefined, key: undefined, bodyHash: undefined, deadline: Infinity, traceparent: undefined });
    await other.query('commit');
    await other.end();
    const [placed, bust] = await Promise.all([held, busting]);
    expect([placed.bid?.status, bust.busted, (await read())?.status, (await read())?.version]).toEqual(['active', true, 'active', 3n]);
  });

  it('counts what others do to the quote: a match, a bust that brings it back, a process that takes over', async () => {
    const [sam, { marketId, amend, read }] = [newUser(), await bidOf(newUser())];
    const { match } = await as(sam).placeAsk({ marketId, price: usd(450), idempotencyKey: ids.next('key') });
    expect(await read()).toMatchObject({ status: 'matched', version: 2n });
    await service.client(BiddingService, 'order').bustMatch({ matchId: match?.id, reason: 'reserve_failed' });
    expect(await read()).toMatchObject({ status: 'active', version: 3n });
    await service.restart();
    expect(await codeOf(amend(460, 1))).toBe('bidding.stale 3');
    expect((await amend(460, 3)).bid?.version).toBe(4n);
    expect((await read())?.version).toBe(4n);
  });
});

describe('the version of a quote, in the database', () => {
  const versionOf = (reply: Reply) => ('done' in reply ? reply.done.quote?.version : said(reply));
  const uuid = (prefix: 'ask' | 'bid' | 'usr' | 'mkt', id: string) => uuidOfOwn(prefix, id);

  it('is that of the last change of a batch, each of whose answers has its own', async () => {
    const harness = await Harness.open(1);
    const desk = await harness.desk();
    const [ask, bid] = await Promise.all([desk.ask('sam', 450), desk.bid('ann', 450)]);
    expect(await harness.rows('select side, version from quotes order by side')).toEqual([{ side: 'ask', version: 2 }, { side: 'bid', version: 1 }]);
    expect([versionOf(ask), versionOf(bid)]).toEqual([1, 1]);
    const other = quoteIdOf(await desk.ask('sue', 500));
    expect((await Promise.all([desk.amend('sue', other, 490, { seen: 1 }), desk.amend('sue', other, 480, { seen: 2 }), desk.amend('sue', other, 470, { seen: 2 })])).map(versionOf)).toEqual([2, 3, 'bidding.stale']);
    expect(await harness.rows('select count(*)::int as rows from outbox')).toEqual([{ rows: 3 }]);
    expect(await harness.rows('select price, version from quotes where id = $1', [uuid('ask', other)])).toEqual([{ price: '480', version: 3 }]);
    expect(await harness.violations()).toEqual([]);
    await harness.close();
  });

  it('never comes twice: a writer that does not know the last one is refused, and reads the quote again', async () => {
    const harness = await Harness.open(1);
    const desk = await harness.desk();
    const id = quoteIdOf(await desk.ask('sam', 450));
    await harness.rows('update quotes set version = 7');
    expect(said(await desk.amend('sam', id, 440))).toContain('BD004');
    expect(versionOf(await desk.amend('sam', id, 440))).toBe(8);
    await harness.close();
  });

  it('begins for quotes of before, which stay as they are: one that was amended is another than the one that was placed', async () => {
    const set = { name: 'service', directory: MIGRATIONS };
    const database = await testDatabase();
    await migrate(database.url, [set], ({ number }) => number <= 5);
    const harness = await Harness.open(1, database);
    const [market, sam] = [harness.markets[0] ?? '', harness.user('sam')];
    const [placed, amended] = [ids.next('ask'), ids.next('ask')];
    await harness.rows('update markets set seq = 3');
    const insert = `insert into quotes (id, market_id, side, user_id, price, prio, status, expires_at, accepted_at, address_version_id, immediate, placed_at, client_key, body_hash, answer_seq, placed_price)
      values ($1, $2, 'ask', $3, $4, $5, 'active', $6, now(), gen_random_uuid(), false, now(), $7, $8, $9, $10)`;
    const until = new Date(harness.clock.ms + 86_400_000);
    for (const [id, price, prio, answerSeq, placedPrice] of [[placed, 450, 1, 1, null], [amended, 440, 3, 2, 460]] as const) {
      await harness.rows(insert, [uuid('ask', id), uuid('mkt', market), uuid('usr', sam.userId), price, prio, until, `place ${id}`, Buffer.from('body'), answerSeq, placedPrice]);
    }
    const answer = JSON.stringify({ quote: { id: amended, marketId: market, side: 'ask', price: 440, status: 'active' }, bookSeq: 3 });
    await harness.rows(`insert into command_answers (user_id, key, command, body_hash, answer) values ($1, 'amend', 'amend', $2, $3)`, [uuid('usr', sam.userId), Buffer.from('amend'), answer]);

    await migrate(database.url, [set]);
    const desk = await harness.desk();
    expect([...(desk.writer.floor.markets.get(market)?.book.quotes('ask') ?? [])]).toMatchObject([{ id: amended, price: 440, prio: 3, version: 2 }, { id: placed, price: 450, prio: 1, version: 1 }]);
    const again = await desk.ask('sam', 460, { key: `place ${amended}` });
    expect([said(again), versionOf(again)]).toEqual(['replayed active', 1]);
    expect(versionOf(await desk.amend('sam', amended, 440, { key: 'amend' }))).toBe(0);
    expect([await desk.amend('sam', amended, 430, { seen: 1 }), await desk.amend('sam', amended, 430, { seen: 2 }), await desk.cancel('sam', placed)].map(versionOf)).toEqual(['bidding.stale', 3, 2]);
    await harness.close();
  });
});
