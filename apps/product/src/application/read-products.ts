import { Injectable } from '@nestjs/common';
import { uuidOf } from '@libs/kernel/ids';
import { pageSize } from '@libs/kernel/page-size';
import { cursorInvalid, marketNotFound, productNotFound, tooMany } from '../domain/errors';
import type { Product } from '../domain/product';
import { ActiveAsks, type MarketOfCategory, type ProductPage, Products } from './ports';

const MAX_MARKETS = 500;

@Injectable()
export class ReadProducts {
  constructor(
    private readonly products: Products,
    private readonly asks: ActiveAsks,
  ) {}

  async one(idOrUrlKey: string): Promise<Product> {
    const product = await this.products.find(idOrUrlKey);
    if (!product) throw productNotFound(idOrUrlKey);
    return product;
  }

  async page(request: { brand: string; limit: number; cursor: string }): Promise<ProductPage> {
    if (request.cursor !== '' && !uuidOf('prd', request.cursor)) throw cursorInvalid();
    return this.products.page({ brand: request.brand.trim(), limit: pageSize(request.limit), ...(request.cursor && { after: request.cursor }) });
  }

  /** In the order that was asked for. One unknown id refuses the whole question, unless only known ones are wanted. */
  async markets(ids: readonly string[], { knownOnly = false } = {}): Promise<readonly MarketOfCategory[]> {
    if (ids.length > MAX_MARKETS) throw tooMany(MAX_MARKETS);
    const wanted = [...new Set(ids)];
    const found = new Map((await this.products.markets(wanted)).map((market) => [market.id, market]));
    return wanted.flatMap((id) => {
      const market = found.get(id);
      if (!market && !knownOnly) throw marketNotFound(id);
      return market ?? [];
    });
  }

  /** Stock is what sellers offer at this moment. */
  async stock(marketId: string): Promise<number> {
    await this.markets([marketId]);
    return this.asks.count(marketId);
  }
}
