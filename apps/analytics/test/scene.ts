import { randomUUID } from 'node:crypto';
import { type Timestamp, timestampFromDate } from '@bufbuild/protobuf/wkt';
import { AnalyticsService, type Candle, type GetCandlesResponse } from '@libs/contracts/gen/exchange/analytics/v1/analytics_pb';
import { CollectionService } from '@libs/contracts/gen/exchange/analytics/v1/collection_pb';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { ProductService } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import type { EventInit, EventName } from '@libs/contracts/events';
import { type IdPrefix, typeId } from '@libs/kernel/ids';
import type { CallUser, Role } from '@libs/rpc/call-context';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { AnalyticsModule } from '../src/analytics.module';

export const newId = (prefix: IdPrefix) => typeId(prefix, randomUUID());
export const usd = (minor: number) => ({ currency: 'USD', minor: BigInt(minor) });
export const user = (...roles: Role[]): CallUser => ({ id: newId('usr'), sessionId: newId('ses'), roles: ['buyer', 'seller', ...roles] });

/** One market of a product, as far as trades know it. */
export interface Market {
  readonly id: string;
  readonly productId: string;
  readonly brand: string;
  readonly size: string;
}

export interface Deal {
  readonly market: Market;
  readonly matchId: string;
  readonly orderId: string;
  readonly buyerId: string;
  readonly sellerId: string;
  readonly price: number;
  readonly at: Date;
  readonly seq: number;
}

/** An event before it is told: those of one topic and key are told in their order. */
export interface Told {
  readonly name: EventName;
  readonly key: string;
  readonly event: never;
}

interface Paid {
  readonly orderId: string;
  readonly matchId: string;
  readonly marketId: string;
  readonly productId: string;
  readonly size: string;
  readonly buyerId: string;
  readonly sellerId: string;
  readonly price: { currency: string; minor: bigint };
  readonly paidAt: Timestamp;
}

/** What the owners of the facts know, told to whoever asks. */
export interface OwnersKnow {
  matches: { matchId: string; marketId: string; marketSeq: bigint; state: string }[];
  paid: Paid[];
  asks: { askId: string; marketId: string; price: { currency: string; minor: bigint }; expiresAt: { seconds: bigint; nanos: number }; marketSeq: bigint }[];
  bids: Map<string, bigint>;
  /** Those whose events have not come. */
  markets: { id: string; productId: string; size: string; currency: string }[];
}

export class Scene {
  private readonly seqs = new Map<string, number>();

  private constructor(
    readonly service: TestService,
    readonly owners: OwnersKnow,
  ) {}

  static async begin(env: Readonly<Record<string, string>> = {}): Promise<Scene> {
    const owners: OwnersKnow = { matches: [], paid: [], asks: [], bids: new Map(), markets: [] };
    const pageOf = <T>(all: readonly T[], idOf: (one: T) => string, { after, limit }: { after: string; limit: number }) => [...all].filter((one) => idOf(one) > after).sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1)).slice(0, limit);
    const service = await startTestService(AnalyticsModule, {
      env,
      fakes: [
        [BiddingService, {
          listMatches: async (request) => ({ matches: pageOf(owners.matches, ({ matchId }) => matchId, request) }),
          listOpenAsks: async (request) => ({ asks: pageOf(owners.asks, ({ askId }) => askId, request) }),
          getMarketData: async ({ marketIds }) => ({ markets: marketIds.map((marketId) => ({ marketId, highestBidMinor: owners.bids.get(marketId) })) }),
        }],
        [OrderService, { listPaidOrders: async (request) => ({ orders: pageOf(owners.paid, ({ orderId }) => orderId, request) }) }],
        [ProductService, { listProducts: async () => ({ products: [], nextCursor: '' }), getMarkets: async ({ marketIds }) => ({ markets: owners.markets.filter(({ id }) => marketIds.includes(id)) }) }],
      ],
    });
    return new Scene(service, owners);
  }

  get analytics() {
    return this.service.client(AnalyticsService);
  }

  collection(caller: CallUser) {
    return this.service.client(CollectionService, caller);
  }

  /** A product of a brand in these sizes, told of unless it is to come later. */
  async product(sizes: readonly string[], { brand = `Brand ${randomUUID().slice(0, 8)}`, retail = 18_000, isTold = true } = {}): Promise<{ markets: Market[]; tell(): Promise<void> }> {
    const productId = newId('prd');
    const markets = sizes.map((size) => ({ id: newId('mkt'), productId, brand, size }));
    const tell = async () => {
      const product = { id: productId, brand, model: 'Aurora', retailPrice: usd(retail), version: 1n, markets: markets.map(({ id, size }) => ({ id, productId, size, currency: 'USD' })) };
      await this.service.deliver('product.created', productId, { product });
    };
    if (isTold) await tell();
    return { markets, tell };
  }

  async market(): Promise<Market> {
    const { markets: [market] } = await this.product(['9']);
    if (!market) throw new Error('no market');
    await this.service.settled();
    return market;
  }

  nextSeq(marketId: string): number {
    const seq = (this.seqs.get(marketId) ?? 0) + 1;
    this.seqs.set(marketId, seq);
    return seq;
  }

  deal(market: Market, price: number, at: Date, parties: { buyerId?: string; sellerId?: string } = {}): Deal {
    return { market, price, at, matchId: newId('mtc'), orderId: newId('ord'), buyerId: newId('usr'), sellerId: newId('usr'), ...parties, seq: this.nextSeq(market.id) };
  }

  matched({ market, matchId, seq, price, at, buyerId, sellerId }: Deal): Told {
    this.owners.matches.push({ matchId, marketId: market.id, marketSeq: BigInt(seq), state: 'pending' });
    return told('match.created', market.id, { marketId: market.id, marketSeq: BigInt(seq), matchId, productId: market.productId, size: market.size, askId: newId('ask'), bidId: newId('bid'), buyerId, sellerId, price: usd(price), matchedAt: timestampFromDate(at) });
  }

  paid({ market, matchId, orderId, price, at, buyerId, sellerId }: Deal): Told {
    const event = { orderId, matchId, marketId: market.id, productId: market.productId, size: market.size, buyerId, sellerId, price: usd(price), matchedAt: timestampFromDate(at), paidAt: timestampFromDate(at) };
    this.owners.paid.push(event);
    return told('order.created', orderId, event);
  }

  busted({ market, matchId }: Deal): Told {
    const known = this.owners.matches.find((match) => match.matchId === matchId);
    if (known) known.state = 'bust';
    return told('trade.busted', market.id, { marketId: market.id, marketSeq: BigInt(this.nextSeq(market.id)), matchId, reason: 'auth_failed' });
  }

  async tell({ name, key, event }: Told): Promise<{ again(): Promise<void> }> {
    return this.service.deliver(name, key, event);
  }

  /** A sale from match to payment. */
  async sells(market: Market, price: number, at = this.service.clock.now(), parties: { buyerId?: string; sellerId?: string } = {}): Promise<Deal> {
    const deal = this.deal(market, price, at, parties);
    await this.tell(this.matched(deal));
    await this.tell(this.paid(deal));
    return deal;
  }

  async candles([of, scope]: readonly [string, string], interval: string, from: Date, to: Date): Promise<GetCandlesResponse> {
    return this.analytics.getCandles({ scope, of, interval, from: timestampFromDate(from), to: timestampFromDate(to) });
  }

  /** Asks for the projection to be built anew, and waits until it is. */
  async rebuilds(): Promise<{ state: string; before_hash: string; after_hash: string; changed: number }> {
    const id = randomUUID();
    const { sql } = this.service;
    await sql.query(`insert into rebuilds (id, state) values ($1, 'requested')`, [id]);
    for (;;) {
      const [row] = await sql.query<{ state: string; before_hash: string; after_hash: string; changed: number }>('select * from rebuilds where id = $1', [id]);
      await this.settled();
      if (row?.state === 'done' || row?.state === 'failed') return row;
    }
  }

  settled(): Promise<void> {
    return this.service.settled();
  }

  async stop(): Promise<void> {
    await this.service.stop();
  }
}

function told<N extends EventName>(name: N, key: string, event: EventInit<N>): Told {
  return { name, key, event: event as never }; // Its type is checked here, and of no account afterwards.
}

export type PlainCandle = readonly [start: string, open: number, high: number, low: number, close: number, sales: number, revenue: number];

export function plain({ start, openMinor, highMinor, lowMinor, closeMinor, sales, revenueMinor }: Candle): PlainCandle {
  const at = new Date(Number(start?.seconds ?? 0n) * 1_000).toISOString();
  return [at, Number(openMinor), Number(highMinor), Number(lowMinor), Number(closeMinor), sales, Number(revenueMinor)];
}
