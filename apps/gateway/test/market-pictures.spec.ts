import type { MessageInitShape } from '@bufbuild/protobuf';
import type { GetMarketDataResponseSchema, GetOrderBookResponseSchema, WatchMarketsResponseSchema } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { AppError } from '@libs/kernel/app-error';
import { until } from '@libs/testing/exchange-process';
import { Subject } from 'rxjs';
import { MarketHub } from '../src/realtime/market-hub';
import { LiveClient, WAIT_MS } from './live-client';
import { idOf } from './session-keys';
import { type RunningGateway, startGateway } from './start-gateway';

const MARKET = idOf('mkt', 1);
const BOOK = `book:${MARKET}`;
const TICKER = `ticker:${MARKET}`;

type Book = MessageInitShape<typeof GetOrderBookResponseSchema>;
type Data = MessageInitShape<typeof GetMarketDataResponseSchema>;

const level = (price: number, quotes: number) => ({ priceMinor: BigInt(price), quotes });
const bookAt = (seq: number, more: { epoch?: bigint; bids?: ReturnType<typeof level>[] } = {}): Book => ({ marketId: MARKET, seq: BigInt(seq), epoch: 3n, state: 'open', bids: [level(100, 1)], asks: [], ...more });
const dataAt = (seq: number): Data => ({ markets: [{ marketId: MARKET, productId: idOf('prd', 1), state: 'open', currency: 'USD', seq: BigInt(seq) }] });

/** Readings that bidding takes its time for: each is answered by the test. */
class Readings<T> {
  private readonly open: { readonly done: (answer: T) => void; readonly fail: (error: Error) => void }[] = [];
  asked = 0;

  ask(): Promise<T> {
    this.asked += 1;
    return new Promise((done, fail) => this.open.push({ done, fail }));
  }

  async next() {
    await until('something is read', WAIT_MS, () => this.open.length > 0);
    const oldest = this.open.shift();
    if (!oldest) throw new Error('just seen');
    return oldest;
  }

  forget(): void {
    this.open.splice(0);
    this.asked = 0;
  }
}

describe('what those who watch a market are shown, whenever bidding answers', () => {
  const books = new Readings<Book>();
  const data = new Readings<Data>();
  let changes: Subject<MessageInitShape<typeof WatchMarketsResponseSchema>>;
  let gateway: RunningGateway;
  let client: LiveClient;
  const watchedMarkets = () => (Reflect.get(gateway.service.app.get(MarketHub), 'markets') as Map<string, unknown>).size;
  const changed = (seq: number, more: { epoch?: bigint; bidChanges?: ReturnType<typeof level>[] } = {}) => changes.next({ updates: [{ marketId: MARKET, seq: BigInt(seq), epoch: 3n, state: 'open', ...more }] });
  const streamIsOpen = () => until('the stream is open', WAIT_MS, () => changes.observed);
  const frames = (ch: string) => client.frames.filter((frame) => frame.ch === ch);
  const seqs = (ch: string) => frames(ch).map(({ t, d }) => `${t} ${String(d?.['seq'])}`);
  const has = (ch: string, shown: string) => until(() => `${shown} among ${String(seqs(ch))}`, WAIT_MS, () => seqs(ch).includes(shown));
  const newStream = () => {
    const ended = changes;
    changes = new Subject();
    ended.complete();
    return streamIsOpen();
  };

  beforeAll(async () => {
    gateway = await startGateway({ bidding: { watchMarkets: () => changes, getOrderBook: () => books.ask(), getMarketData: () => data.ask() } });
  });
  beforeEach(async () => {
    changes = new Subject();
    client = await LiveClient.connect(gateway.url);
  });
  afterEach(async () => {
    client.socket.terminate();
    changes.complete();
    await until('nothing is watched any more', WAIT_MS, () => watchedMarkets() === 0);
    for (const readings of [books, data]) readings.forget();
  });
  afterAll(() => gateway.stop());

  const watch = (ch: string) => client.say({ op: 'subscribe', ch });
  /** A book at 10 on a stream that is heard. */
  const watchesBook = async () => {
    watch(BOOK);
    (await books.next()).done(bookAt(10));
    await has(BOOK, 'snapshot 10');
    changed(10);
    (await books.next()).done(bookAt(10));
    await until('the book was read again', WAIT_MS, () => frames(BOOK).length === 2);
  };

  it('a book whose reading began before the stream was heard is read once more: a change between the two is in neither', async () => {
    watch(BOOK);
    const early = await books.next();
    await streamIsOpen();
    changed(12);
    const late = await books.next();
    early.done(bookAt(10));
    late.done(bookAt(12, { bids: [level(100, 1), level(101, 1)] }));
    await client.heard('ack');
    expect(frames(BOOK).map(({ t, d }) => [t, d?.['seq'], d?.['bids']])).toEqual([['snapshot', 12, [[101, 1], [100, 1]]]]);
  });

  it('a book that was made anew while it was read is read once more', async () => {
    await watchesBook();
    await newStream();
    const [before, after] = [await books.next(), bookAt(12, { epoch: 4n })];
    changed(11);
    const again = await books.next();
    before.done(bookAt(10));
    changed(12, { epoch: 4n });
    again.done(bookAt(11));
    (await books.next()).done(after);
    await has(BOOK, 'snapshot 12');
  });

  it('a snapshot that holds a change is followed by no delta of it, so that nobody sees a gap', async () => {
    await watchesBook();
    await newStream();
    (await books.next()).done(bookAt(10));
    changed(11);
    const reading = await books.next();
    changed(12, { bidChanges: [level(101, 1)] });
    reading.done(bookAt(11));
    await has(BOOK, 'snapshot 12');
    changed(13, { bidChanges: [level(102, 1)] });
    await has(BOOK, 'delta 13');
    expect(frames(BOOK).slice(-2).map(({ t, d }) => [t, d?.['prev'], d?.['seq']])).toEqual([['snapshot', undefined, 12], ['delta', 12, 13]]);
  });

  it('a book never goes back: one that is older than what was shown is read again', async () => {
    await watchesBook();
    changed(12);
    await has(BOOK, 'delta 12');
    await newStream();
    (await books.next()).done(bookAt(11));
    (await books.next()).done(bookAt(12));
    await has(BOOK, 'snapshot 12');
    expect(seqs(BOOK).slice(-2)).toEqual(['delta 12', 'snapshot 12']);
  });

  it('of a market whose ticker alone is watched no changes pile up for a book that nobody reads, and whoever then does is shown none older', async () => {
    watch(TICKER);
    (await data.next()).done(dataAt(10));
    await client.heard('ack');
    await streamIsOpen();
    changed(12);
    (await data.next()).done(dataAt(12));
    await has(TICKER, 'snapshot 12');
    watch(BOOK);
    (await books.next()).done(bookAt(11));
    (await books.next()).done(bookAt(12)); // What came before is not there to be added to the first.
    await has(BOOK, 'snapshot 12');
    expect(seqs(BOOK)).toEqual(['snapshot 12']);
  });

  it('a newcomer to a ticker misses nothing that changed while it was read, and hears nothing of it twice', async () => {
    const other = await LiveClient.connect(gateway.url);
    other.say({ op: 'subscribe', ch: TICKER });
    (await data.next()).done(dataAt(10));
    await other.heard('ack');
    await streamIsOpen();
    watch(TICKER);
    const reading = await data.next();
    changed(11);
    reading.done(dataAt(10));
    await client.heard('ack');
    await other.heard('state').finally(() => other.socket.terminate());
    expect(seqs(TICKER)).toEqual(['snapshot 10', 'state 11']);
  });

  it('a ticker never goes back: what was read before it was told something newer is read again', async () => {
    watch(TICKER);
    (await data.next()).done(dataAt(10));
    await client.heard('ack');
    await newStream();
    changed(12);
    await has(TICKER, 'state 12');
    changed(11); // Late, of an owner of before.
    (await data.next()).done(dataAt(11));
    (await data.next()).done(dataAt(12));
    await has(TICKER, 'snapshot 12');
    expect(seqs(TICKER)).toEqual(['snapshot 10', 'state 12', 'snapshot 12']);
  });

  it.each([BOOK, TICKER])('%s that cannot be read is refused, and leaves nothing behind', async (ch) => {
    watch(ch);
    const { fail } = await (ch === BOOK ? books : data).next();
    fail(new AppError('not_found', 'bidding.market_not_found', 'There is no such market.'));
    await client.heard('error');
    expect(watchedMarkets()).toBe(0);
  });

  it.each([['rpc.circuit_open', 'info'], ['bidding.busy', 'warn']] as const)('a book that cannot be read (%s) is told of as %s, once, however often it is tried', async (code, level) => {
    await watchesBook();
    const told = () => gateway.service.logs.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === 'a book could not be loaded for those who watch it').map((line) => line['level']);
    const before = told().length;
    await newStream();
    for (let tries = 0; tries < 3; tries++) (await books.next()).fail(new AppError('unavailable', code, 'Not now.'));
    (await books.next()).done(bookAt(11));
    await has(BOOK, 'snapshot 11');
    expect(told().slice(before)).toEqual([level]);
  });
});
