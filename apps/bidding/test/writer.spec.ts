import { parseLine } from '@libs/events/event-line';
import { type IdPrefix, typeId, uuidOfOwn } from '@libs/kernel/ids';
import type { Match } from '../src/domain/quote';
import { type Desk, Harness, quoteIdOf, said } from './writer-harness';

describe('the writer on a real database', () => {
  let harness: Harness;
  let desk: Desk;
  beforeEach(async () => {
    harness = await Harness.open();
    desk = await harness.desk();
  });
  afterEach(async () => {
    const violations = await harness.violations();
    await harness.close();
    expect(violations).toEqual([]);
  });
  const statusOf = async (id: string) => (await harness.rows<{ status: string }>('select status from quotes where id = $1', [uuid(id)]))[0]?.status;

  it('answers only what is in the database', async () => {
    const ask = await desk.ask('sam', 450);
    const bid = await desk.bid('ann', 470);
    expect([said(ask), said(bid)]).toEqual(['active', 'matched']);
    expect(await harness.rows('select price, state, seq from matches')).toEqual([{ price: '450', state: 'pending', seq: '2' }]);
    expect([await statusOf(quoteIdOf(ask)), await statusOf(quoteIdOf(bid))]).toEqual(['matched', 'matched']);
  });

  it('writes what arrives together as one batch, in the order of arrival', async () => {
    const replies = await Promise.all([desk.ask('sam', 450), desk.bid('ann', 440), desk.bid('bob', 450), desk.bid('cat', 450)]);
    expect(replies.map(said)).toEqual(['active', 'active', 'matched', 'active']);
    expect(await harness.rows('select count(*)::int as rows, sum(event_count)::int as events from outbox')).toEqual([{ rows: 1, events: 4 }]);
  });

  it('a key means one quote: the answer comes again as it was given, whatever became of the quote', async () => {
    const key = 'one-key';
    const first = await desk.ask('sam', 450, { key });
    await desk.amend('sam', quoteIdOf(first), 460, { days: 5 });
    const again = await desk.ask('sam', 450, { key });
    expect(again).toEqual({ ...first, replayed: true });
    await desk.bid('ann', 460);
    expect(await desk.ask('sam', 450, { key })).toEqual({ ...first, replayed: true });
    expect(said(await desk.ask('sam', 450, { key, hash: 'another body' }))).toBe('bidding.key_reused');
    expect(said(await desk.ask('sue', 470, { key }))).toBe('active');
  });

  it('a placement that matched is answered again with its match', async () => {
    await desk.ask('sam', 450);
    const first = await desk.bid('ann', 455, { key: 'k' });
    expect(await desk.bid('ann', 455, { key: 'k' })).toEqual({ ...first, replayed: true });
  });

  it('of two requests with one key at one time, one is in flight', async () => {
    const [one, two] = await Promise.all([desk.ask('sam', 450, { key: 'k' }), desk.ask('sam', 450, { key: 'k' })]);
    expect([said(one), said(two)]).toEqual(['active', 'bidding.key_in_flight']);
    expect(await harness.rows('select 1 as quote from quotes')).toHaveLength(1);
  });

  it('cancels and amendments keep their answers under their keys too', async () => {
    const id = quoteIdOf(await desk.ask('sam', 450));
    const amended = await desk.amend('sam', id, 440, { key: 'amend-1' });
    const cancelled = await desk.cancel('sam', id, 'cancel-1');
    expect(await desk.amend('sam', id, 440, { key: 'amend-1' })).toEqual({ ...amended, replayed: true });
    expect(await desk.cancel('sam', id, 'cancel-1')).toEqual({ ...cancelled, replayed: true });
    expect(said(await desk.cancel('sam', id, 'amend-1'))).toBe('bidding.key_reused');
    expect(said(await desk.ask('sam', 450, { key: 'cancel-1' }))).toBe('bidding.key_reused');
  });

  it('a refusal is told again for a while, without being tried', async () => {
    await desk.ask('sam', 450);
    expect(said(await desk.bid('sam', 450, { key: 'k' }))).toBe('bidding.self_match');
    expect(said(await desk.bid('sam', 450, { key: 'k' }))).toBe('bidding.self_match');
    expect(await harness.rows('select 1 as quote from quotes')).toHaveLength(1);
  });

  it('a key that another process has used in the meantime hurts nobody else in the batch', async () => {
    // The look-up came too early to see it: as if another owner had taken the key between look-up and commit.
    const { userId } = harness.user('sam');
    await desk.ask('sam', 500, { key: 'taken', market: harness.markets[1] });
    jest.spyOn(desk.kept, 'find').mockResolvedValueOnce([undefined, undefined, undefined]);
    const replies = await Promise.all([desk.ask('sue', 450), desk.ask('sam', 500, { key: 'taken' }), desk.bid('ann', 455)]);
    expect(replies.map(said)).toEqual(['active', 'replayed active', 'matched']);
    expect(await harness.rows('select 1 as quote from quotes where user_id = $1', [uuid(userId)])).toHaveLength(1);
  });

  it('a poison command fails alone', async () => {
    const poison = desk.raw(() => { throw new TypeError('poison'); });
    const replies = await Promise.all([desk.ask('sam', 450), poison, desk.bid('ann', 450)]);
    expect(said(replies[1])).toBe('failed: poison');
    expect([said(replies[0]), said(replies[2])]).toEqual(['active', 'matched']);
  });

  it('a value that the database cannot hold fails alone', async () => {
    const poison = desk.raw((turn) => {
      const market = turn.floor.markets.get(harness.markets[0] as string);
      if (!market) throw new Error('no market');
      turn.batch.announceState(market, 'halted', 'a lone surrogate is not text');
      turn.batch.answer({ userId: harness.user('sam').userId, key: '\ud800', command: 'x', bodyHash: Buffer.alloc(0), done: { bookSeq: 1 } });
      return { done: { bookSeq: 1 } };
    });
    const replies = await Promise.all([desk.ask('sam', 450), poison, desk.bid('ann', 450)]);
    expect(said(replies[1])).toContain('lone surrogate');
    expect([said(replies[0]), said(replies[2])]).toEqual(['active', 'matched']);
  });

  it('cancel against match: the order of arrival decides, and never both (M11)', async () => {
    for (let round = 0; round < 20; round++) {
      const id = quoteIdOf(await desk.ask('sam', 450));
      const [cancelled, bid] = await Promise.all(round % 2 === 0 ? [desk.cancel('sam', id), desk.bid('ann', 450)] : [desk.bid('ann', 450), desk.cancel('sam', id)].reverse());
      const both = [said(cancelled as never), said(bid as never)];
      expect(both).toEqual(round % 2 === 0 ? ['cancelled', 'active'] : ['bidding.quote_not_found', 'matched']);
      if (said(bid as never) === 'active') await desk.cancel('ann', quoteIdOf(bid as never));
    }
  });

  it('a halt that was answered lets nothing match until the resume, and takes cancels (M13)', async () => {
    const market = harness.markets[0] as string;
    const [given, resting] = [quoteIdOf(await desk.ask('sam', 450)), quoteIdOf(await desk.ask('sam', 450))];
    expect(said(await desk.halt(market, 'halt'))).toBe('halted');
    expect(said(await desk.bid('ann', 450))).toBe('bidding.market_halted');
    expect(said(await desk.bid('ann', 450, { market: harness.markets[1] }))).toBe('active');
    expect(await harness.rows('select state from markets where id = $1', [uuid(market)])).toEqual([{ state: 'halted' }]);
    expect(said(await desk.cancel('sam', given))).toBe('cancelled');
    expect(said(await desk.halt(market, 'resume'))).toBe('open');
    expect(said(await desk.cancel('sam', resting))).toBe('cancelled');
  });

  it('a halt in the midst of trading has its number in the market, and no match has a later one until the resume (M13)', async () => {
    const market = harness.markets[0] as string;
    const trades = () => Array.from({ length: 30 }, (_, i) => [desk.ask('sam', 450), desk.bid(`buyer ${i % 5}`, 450)]).flat();
    const [before, halted, after] = [trades(), desk.halt(market, 'halt'), trades()];
    const reply = await halted;
    const seq = 'done' in reply ? reply.done.bookSeq : undefined;
    const replies = await Promise.all([...before, ...after]);
    expect(replies.map(said)).toEqual([...before.map((_, i) => (i % 2 === 0 ? 'active' : 'matched')), ...after.map(() => 'bidding.market_halted')]);
    expect(await harness.rows('select max(seq)::int < $1 as earlier, count(*)::int as matches from matches', [seq])).toEqual([{ earlier: true, matches: 30 }]);
    await desk.halt(market, 'resume');
    expect((await Promise.all(trades())).map(said)).toContain('matched');
  });

  it('what is past its expiry never matches, though nobody has swept', async () => {
    const id = quoteIdOf(await desk.ask('sam', 450, { days: 1 }));
    harness.clock.ms += 86_400_000;
    expect(said(await desk.bid('ann', 450))).toBe('active');
    expect(await statusOf(id)).toBe('expired');
  });

  it('a bust gives the ask its old place back, in the database as in memory', async () => {
    const first = await desk.ask('sam', 450);
    await desk.bid('ann', 450);
    const second = await desk.ask('sue', 450);
    const match = await newestMatch(harness, desk);
    expect(said(await desk.bust(match, 'payment_failed', harness.user('sam')))).toBe('done');
    expect(said(await desk.bust(match, 'payment_failed', harness.user('sam')))).toBe('done');
    const bid = await desk.bid('bob', 450);
    expect('done' in bid && bid.done.match?.askId).toBe(quoteIdOf(first));
    expect(await statusOf(quoteIdOf(second))).toBe('active');
    expect(await harness.rows('select state from matches order by seq')).toEqual([{ state: 'bust' }, { state: 'pending' }]);
  });

  it('commands that are written together stay each in the trace of their own request', async () => {
    const traces = { ann: `00-${'a'.repeat(32)}-${'1'.repeat(16)}-01`, bob: `00-${'b'.repeat(32)}-${'2'.repeat(16)}-01` };
    await Promise.all([desk.bid('ann', 450, { traceparent: traces.ann }), desk.bid('bob', 451, { traceparent: traces.bob })]);
    const rows = await harness.rows<{ events: string }>('select events from outbox order by pos');
    const events = rows.flatMap((row) => row.events.split('\n').map(parseLine));
    expect([rows.length, events.map(({ headers }) => headers.traceparent)]).toEqual([1, [traces.ann, traces.bob]]);
  });

  it('a command whose time is up before its turn is refused, and nothing is done', async () => {
    const facts = harness.user('sam');
    const reply = await desk.submit({ userId: facts.userId, key: 'late', bodyHash: Buffer.alloc(0), deadline: 1, traceparent: undefined, run: () => { throw new Error('ran'); } });
    expect(said(reply)).toBe('bidding.deadline');
  });

  it('after a restart the books are as they were', async () => {
    await Promise.all([desk.ask('sam', 450), desk.ask('sue', 450), desk.ask('sid', 460), desk.bid('ann', 440), desk.bid('bob', 430)]);
    const market = harness.markets[0] as string;
    const before = desk.writer.floor.markets.get(market);
    await desk.writer.stop();
    const next = await harness.desk();
    expect(next.writer.floor.markets.get(market)?.hash).toEqual(before?.hash);
    expect(next.writer.floor.markets.get(market)?.seq).toBe(5);
    const bid = await next.bid('cat', 470);
    expect('done' in bid && bid.done.match?.price).toBe(450);
  });
});

async function newestMatch(harness: Harness, desk: Desk): Promise<Match> {
  const [row] = await harness.rows<{ id: string }>('select id from matches order by matched_at desc, seq desc limit 1');
  const match = await desk.records.match(typeId('mtc', row?.id ?? ''));
  if (!match) throw new Error('no match');
  return match;
}

function uuid(id: string): string {
  return uuidOfOwn(id.slice(0, id.length - 27) as IdPrefix, id);
}
