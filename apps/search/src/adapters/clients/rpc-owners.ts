import { timestampDate } from '@bufbuild/protobuf/wkt';
import { Injectable } from '@nestjs/common';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { ProductService } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { invariant } from '@libs/kernel/invariant';
import { moneyFromMessage } from '@libs/kernel/money';
import { Rpc } from '@libs/rpc/rpc';
import { type MarketSnapshot, Owners, type ProductFacts, type SaleFacts } from '../../application/ports';
import { productFactsOf } from '../../application/product-facts';

const PAGE = 100;
const SALES_PAGE = 1_000;

@Injectable()
export class RpcOwners extends Owners {
  private readonly catalogue;
  private readonly bidding;
  private readonly orders;

  constructor(rpc: Rpc) {
    super();
    this.catalogue = rpc.client(ProductService);
    this.bidding = rpc.client(BiddingService);
    this.orders = rpc.client(OrderService);
  }

  async products(cursor: string): Promise<{ products: readonly ProductFacts[]; next: string }> {
    const { products, nextCursor } = await this.catalogue.listProducts({ limit: PAGE, cursor });
    return { products: products.map(productFactsOf), next: nextCursor };
  }

  async markets(after: string): Promise<readonly MarketSnapshot[]> {
    const { markets } = await this.bidding.listMarketFacts({ after, limit: PAGE });
    return markets.map(({ marketId, marketSeq, asks, bustedMatchIds }) => ({
      marketId, seq: Number(marketSeq), asks: asks.map(({ askId, priceMinor }) => ({ askId, price: Number(priceMinor) })), bustedMatchIds,
    }));
  }

  async sales(after: string): Promise<{ sales: readonly SaleFacts[]; last: string }> {
    const { orders } = await this.orders.listPaidOrders({ after, limit: SALES_PAGE });
    const sales = orders.map(({ matchId, marketId, price, paidAt }) => {
      invariant(paidAt, 'a paid order without the instant of its payment');
      return { matchId, marketId, price: moneyFromMessage(price).minor, at: timestampDate(paidAt) };
    });
    return { sales, last: orders.at(-1)?.orderId ?? '' };
  }
}
