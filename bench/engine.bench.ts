import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { OrderBook as PackageBook } from 'nodejs-order-book';
import { typeId } from '@libs/kernel/ids';
import { Batch } from '../apps/bidding/src/domain/batch';
import { Floor } from '../apps/bidding/src/domain/floor';
import type { BookEntry, Level } from '../apps/bidding/src/domain/level';
import { Market } from '../apps/bidding/src/domain/market';
import { OrderBook } from '../apps/bidding/src/domain/order-book';
import { place } from '../apps/bidding/src/domain/place';
import { crosses } from '../apps/bidding/src/domain/quote';
import { opposite, type Side } from '../apps/bidding/src/domain/side';
import { withdraw } from '../apps/bidding/src/domain/settle';
import { drawer, zipf } from './random';

/** The package does not export the enumeration whose values it takes. */
type PackageSide = Parameters<PackageBook['limit']>[0]['side'];

const GOAL = 7;
const ORDERS = 600_000;
const WARM_UP = 60_000;
const PRODUCTS = 200;
const SIZES = 12;
const ROUNDS = 5;
const BATCH = 64;

/** Columns instead of objects: what the flow itself keeps alive would otherwise be most of what the collector works on. */
interface Flow {
  readonly count: number;
  readonly market: Int32Array;
  readonly price: Int32Array;
  /** 1: bid. */
  readonly isBid: Uint8Array;
  readonly isCancel: Uint8Array;
  /** Of a cancel: the id that was placed before. Everybody places once, so the id stands for the user too. */
  readonly id: readonly string[];
}

/** A run's outcome: how long it took, and a fingerprint of every trade in order (taker, maker, price). */
interface Run {
  readonly perSecond: number;
  readonly trades: number;
  readonly fingerprint: number;
}

/** 70 % passive, 20 % crossing, 10 % cancels; products by Zipf's law; whole prices; one unit; nobody meets themselves. */
function flow(count: number, hotMarkets: number): Flow {
  const draw = drawer(1);
  const product = zipf(hotMarkets > 0 ? hotMarkets : PRODUCTS);
  const [market, price] = [new Int32Array(count), new Int32Array(count)];
  const [isBid, isCancel] = [new Uint8Array(count), new Uint8Array(count)];
  const id: string[] = [];
  const placed: number[] = [];
  for (let i = 0; i < count; i++) {
    const chance = draw();
    if (chance < 0.1 && placed.length > 100) {
      const at = Math.floor(draw() * placed.length);
      const target = placed[at] as number;
      placed[at] = placed[placed.length - 1] as number;
      placed.pop();
      isCancel[i] = 1;
      market[i] = market[target] as number;
      id.push(id[target] as string);
      continue;
    }
    market[i] = hotMarkets > 0 ? product(draw()) : product(draw()) * SIZES + Math.floor(draw() * SIZES);
    isBid[i] = draw() < 0.5 ? 1 : 0;
    const away = 1 + Math.floor(draw() * 60);
    price[i] = (isBid[i] === 0) === (chance >= 0.3) ? 400 + away : 400 - away;
    id.push(typeId(isBid[i] === 1 ? 'bid' : 'ask', uuid(draw)));
    placed.push(i);
  }
  return { count, market, price, isBid, isCancel, id };
}

/** The same in every process. */
function uuid(draw: () => number): string {
  return Array.from({ length: 4 }, () => Math.floor(draw() * 2 ** 32).toString(16).padStart(8, '0')).join('');
}

class Fingerprint {
  value = 0;
  trades = 0;
  add(taker: string, maker: string, price: number): void {
    this.trades++;
    this.value = (Math.imul(this.value, 31) + taker.charCodeAt(25) * 7 + taker.charCodeAt(29) * 131 + maker.charCodeAt(25) * 1_031 + maker.charCodeAt(29) * 8_191 + price) | 0;
  }
}

function thePackage(ops: Flow, markets: number): Run {
  const books = Array.from({ length: markets }, () => new PackageBook());
  return timed(ops, (i, seen) => {
    const book = books[ops.market[i] as number] as PackageBook;
    const id = ops.id[i] as string;
    if (ops.isCancel[i] === 1) return void book.cancel(id);
    const { done } = book.limit({ side: (ops.isBid[i] === 1 ? 'buy' : 'sell') as PackageSide, id, size: 1, price: ops.price[i] as number });
    const maker = done[0];
    if (maker) seen.add(id, maker.id, (maker as { price: number }).price);
  });
}

interface Resting extends BookEntry<Resting> {
  readonly userId: string;
  level: Level<Resting> | undefined;
}

interface Result {
  readonly id: string;
  readonly maker: Resting | undefined;
  readonly price: number;
}

/** The book with what the package has too: string ids, a map of them, an object as the result of each call. */
function ourBook(ops: Flow, markets: number): Run {
  const books = Array.from({ length: markets }, () => new OrderBook<Resting>());
  const open = new Map<string, Resting>();
  let prio = 0;
  const limit = (book: OrderBook<Resting>, id: string, side: Side, price: number): Result => {
    const quote: Resting = { id, side, userId: id, price, prio: ++prio, level: undefined, ahead: undefined, behind: undefined };
    const best = book.best(opposite(side));
    if (best && crosses(quote, best) && best.userId !== quote.userId) {
      book.remove(best);
      open.delete(best.id);
      return { id, maker: best, price: best.price };
    }
    book.add(quote);
    open.set(id, quote);
    return { id, maker: undefined, price };
  };
  return timed(ops, (i, seen) => {
    const book = books[ops.market[i] as number] as OrderBook<Resting>;
    const id = ops.id[i] as string;
    if (ops.isCancel[i] === 1) {
      const quote = open.get(id);
      if (quote) book.remove(quote);
      return void open.delete(id);
    }
    const { maker, price } = limit(book, id, ops.isBid[i] === 1 ? 'bid' : 'ask', ops.price[i] as number);
    if (maker) seen.add(id, maker.id, price);
  });
}

/** Everything that the writer runs for a command: rules, expiry, limits, the netted batch, the events. */
function ourCommands(ops: Flow, markets: number): Run {
  const floor = new Floor();
  const ids = Array.from({ length: markets }, () => typeId('mkt', randomUUID()));
  const terms = { productId: typeId('prd', randomUUID()), size: '10', category: 'sneakers', retired: false, currency: 'USD', tick: 1, min: 1, max: 1_000_000 };
  floor.install(ids.map((id) => ({ market: new Market({ ...terms, id }, { shard: 0, seq: 0, matchSeq: 0, state: 'open' }), quotes: [] })));
  const facts = { userId: '', emailVerified: true, suspended: false, buyingSuspended: false, sellingSuspended: false, payoutEnabled: true, paymentMethodIds: ['pm'], addresses: [{ addressId: 'adr', versionId: 'adv' }] };
  const bodyHash = new Uint8Array(32);
  let matches = 0;
  const nextMatchId = () => `mtc_${++matches}`;
  let batch = new Batch(1, nextMatchId);
  return timed(ops, (i, seen) => {
    if (i % BATCH === 0) batch = new Batch(1, nextMatchId);
    const turn = { floor, batch };
    const id = ops.id[i] as string;
    const marketId = ids[ops.market[i] as number] as string;
    if (ops.isCancel[i] === 1) {
      const quote = floor.quote(id);
      const market = floor.markets.get(marketId);
      return void (quote && market && withdraw(turn, market, quote, 'user'));
    }
    const side = ops.isBid[i] === 1 ? 'bid' : 'ask';
    const outcome = place(turn, {
      quoteId: id, marketId, side, userId: id, currency: 'USD', price: ops.price[i] as number, expiresInDays: 0, immediate: false,
      paymentMethodId: '', addressVersionId: '', key: id, bodyHash, facts, maxOpenQuotes: 1_000_000, maxOpenExposure: Infinity,
    });
    const match = 'done' in outcome ? outcome.done.match : undefined;
    if (match) seen.add(id, side === 'bid' ? match.askId : match.bidId, match.price);
  });
}

function timed(ops: Flow, run: (i: number, seen: Fingerprint) => void): Run {
  const seen = new Fingerprint();
  for (let i = 0; i < WARM_UP; i++) run(i, seen);
  (globalThis as { gc?: () => void }).gc?.();
  const before = process.cpuUsage();
  for (let i = WARM_UP; i < ops.count; i++) run(i, seen);
  const { user, system } = process.cpuUsage(before);
  return { perSecond: ((ops.count - WARM_UP) / (user + system)) * 1e6, trades: seen.trades, fingerprint: seen.value };
}

const contestants = { package: thePackage, book: ourBook, commands: ourCommands };
type Contestant = keyof typeof contestants;

/** Each in a process of its own, so that none runs on what the compiler has learnt from another. The median of its rounds. */
function alone(contestant: Contestant, hotMarkets: number): Run {
  const text = execFileSync(process.execPath, ['--expose-gc', __filename, contestant, String(hotMarkets)], { encoding: 'utf8' });
  const runs = (JSON.parse(text) as Run[]).sort((a, b) => a.perSecond - b.perSecond);
  return runs[Math.floor(runs.length / 2)] as Run;
}

function rounds(contestant: Contestant, hotMarkets: number): Run[] {
  const ops = flow(ORDERS, hotMarkets);
  return Array.from({ length: ROUNDS }, () => contestants[contestant](ops, hotMarkets > 0 ? hotMarkets : PRODUCTS * SIZES));
}

export interface EngineResult {
  readonly markets: number;
  readonly trades: number;
  readonly areTradesEqual: boolean;
  /** Orders per second of CPU. */
  readonly package: number;
  readonly book: number;
  readonly commands: number;
  /** Our book over the package. */
  readonly ratio: number;
}

/** The engine against the npm package nodejs-order-book, on one flow: the goal is 7x with identical trades. */
export function runEngineBench(): EngineResult[] {
  return [0, 4].map((hotMarkets) => {
    const [theirs, book, commands] = [alone('package', hotMarkets), alone('book', hotMarkets), alone('commands', hotMarkets)];
    return {
      markets: hotMarkets > 0 ? hotMarkets : PRODUCTS * SIZES, trades: theirs.trades,
      areTradesEqual: [book, commands].every((run) => run.trades === theirs.trades && run.fingerprint === theirs.fingerprint),
      package: Math.round(theirs.perSecond), book: Math.round(book.perSecond), commands: Math.round(commands.perSecond), ratio: Math.round((book.perSecond / theirs.perSecond) * 10) / 10,
    };
  });
}

// Reproduce with `npm run build && node dist/bench/engine.bench.js [--check]`.
if (process.argv[1] === __filename) {
  const [contestant = '', hotMarkets = '0'] = process.argv.slice(2);
  if (Object.hasOwn(contestants, contestant)) {
    process.stdout.write(JSON.stringify(rounds(contestant as Contestant, Number(hotMarkets))));
  } else {
    const results = runEngineBench();
    for (const result of results) {
      console.log(JSON.stringify({ bench: 'engine', orders: ORDERS, ...result }));
      console.log(`${result.markets} markets: ${result.ratio}x nodejs-order-book (goal ${GOAL}x), ${result.trades} trades, ${result.areTradesEqual ? 'identical' : 'DIFFERENT'}`);
    }
    if (process.argv.includes('--check') && results.some(({ ratio, areTradesEqual }) => ratio < GOAL || !areTradesEqual)) process.exitCode = 1;
  }
}
