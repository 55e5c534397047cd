import { Injectable } from '@nestjs/common';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { ProductService } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { Log } from '@libs/chassis/log';
import { invariant } from '@libs/kernel/invariant';
import { moneyFromMessage } from '@libs/kernel/money';
import { Rpc, type RpcClient } from '@libs/rpc/rpc';
import { knownProductOf } from '../../application/known-product';
import { type AskWord, type KnownMarket, type KnownProduct, type MatchedFact, Owners, type PaidFact } from '../../application/ports';

const MARKETS_A_CALL_MAX = 100;

@Injectable()
export class RpcOwners extends Owners {
  private readonly bidding: RpcClient<typeof BiddingService>;
  private readonly orders: RpcClient<typeof OrderService>;
  private readonly catalogue: RpcClient<typeof ProductService>;

  constructor(
    rpc: Rpc,
    private readonly log: Log,
  ) {
    super();
    this.bidding = rpc.client(BiddingService);
    this.orders = rpc.client(OrderService);
    this.catalogue = rpc.client(ProductService);
  }

  async matches(after: string, limit: number): Promise<(MatchedFact & { isBust: boolean })[]> {
    const { matches } = await this.bidding.listMatches({ after, limit });
    return matches.map(({ matchId, marketId, marketSeq, state }) => ({ matchId, marketId, marketSeq: Number(marketSeq), isBust: state === 'bust' }));
  }

  async paidOrders(after: string, limit: number): Promise<PaidFact[]> {
    const { orders } = await this.orders.listPaidOrders({ after, limit });
    return orders.map(({ matchId, orderId, marketId, productId, size, buyerId, sellerId, price, paidAt }) => {
      invariant(paidAt, `order ${orderId} was paid at no time`);
      return { matchId, orderId, marketId, productId, size, buyerId, sellerId, price: moneyFromMessage(price), soldAt: timestampDate(paidAt) };
    });
  }

  async openAsks(after: string, limit: number): Promise<Omit<AskWord, 'isOpen'>[]> {
    const { asks } = await this.bidding.listOpenAsks({ after, limit });
    return asks.map(({ askId, marketId, price, expiresAt, marketSeq }) => ({ askId, marketId, price: moneyFromMessage(price), expiresAt: expiresAt && timestampDate(expiresAt), marketSeq: Number(marketSeq) }));
  }

  async products(cursor: string, limit: number): Promise<{ products: KnownProduct[]; nextCursor: string }> {
    const { products, nextCursor } = await this.catalogue.listProducts({ cursor, limit });
    return { products: products.map(knownProductOf), nextCursor };
  }

  async markets(ids: readonly string[]): Promise<KnownMarket[]> {
    const { markets } = await this.catalogue.getMarkets({ marketIds: [...ids], knownOnly: true });
    return markets.map(({ id, productId, size, currency }) => ({ id, productId, size, currency }));
  }

  async highestBids(marketIds: readonly string[]): Promise<ReadonlyMap<string, number> | undefined> {
    const bids = new Map<string, number>();
    try {
      for (let from = 0; from < marketIds.length; from += MARKETS_A_CALL_MAX) {
        const { markets } = await this.bidding.getMarketData({ marketIds: marketIds.slice(from, from + MARKETS_A_CALL_MAX) });
        for (const { marketId, highestBidMinor } of markets) if (highestBidMinor !== undefined) bids.set(marketId, Number(highestBidMinor));
      }
      return bids;
    } catch (error) {
      this.log.warn({ error }, 'the live prices are not to be had: a portfolio is shown without them');
      return undefined;
    }
  }
}
