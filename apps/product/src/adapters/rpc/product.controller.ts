import { Controller } from '@nestjs/common';
import {
  type CheckStockRequest, type CreateProductRequest, type GetMarketsRequest, type GetProductRequest, type ListProductsRequest,
  ProductService, type ReleaseStockRequest, type ReserveStockRequest, type RetireProductRequest, type UpdateProductRequest,
} from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { moneyFromMessage } from '@libs/kernel/money';
import { type CallContext, requireRole, requireService } from '@libs/rpc/call-context';
import type { RpcHandlers } from '@libs/rpc/rpc';
import { RpcService } from '@libs/rpc/rpc-service';
import { CreateProduct } from '../../application/create-product';
import { marketMessage, productMessage } from '../../application/product-message';
import { ReadProducts } from '../../application/read-products';
import { ReleaseStock } from '../../application/release-stock';
import { ReserveStock } from '../../application/reserve-stock';
import { RetireProduct } from '../../application/retire-product';
import { UpdateProduct } from '../../application/update-product';

@Controller()
@RpcService(ProductService)
export class ProductController implements RpcHandlers<typeof ProductService> {
  constructor(
    private readonly creation: CreateProduct,
    private readonly edits: UpdateProduct,
    private readonly retirement: RetireProduct,
    private readonly catalogue: ReadProducts,
    private readonly reserving: ReserveStock,
    private readonly releasing: ReleaseStock,
  ) {}

  async createProduct(request: CreateProductRequest, call: CallContext) {
    requireRole(call, 'admin');
    const { retailPrice, minPriceMinor, ...draft } = request;
    const product = await this.creation.execute({
      ...draft,
      minPriceMinor: Number(minPriceMinor),
      ...(retailPrice && { retailPrice: moneyFromMessage(retailPrice) }),
    });
    return { product: productMessage(product) };
  }

  async getProduct(request: GetProductRequest) {
    return { product: productMessage(await this.catalogue.one(request.productId)) };
  }

  async listProducts({ brand, limit, cursor }: ListProductsRequest) {
    const { products, next } = await this.catalogue.page({ brand, limit, cursor });
    return { products: products.map(productMessage), nextCursor: next ?? '' };
  }

  async updateProduct(request: UpdateProductRequest, call: CallContext) {
    requireRole(call, 'admin');
    const { productId, expectedVersion, retailPrice, images, ...changes } = request;
    const product = await this.edits.execute(
      productId,
      { ...changes, ...(retailPrice && { retailPrice: moneyFromMessage(retailPrice) }), ...(images && { imageUrls: images.urls }) },
      Number(expectedVersion),
    );
    return { product: productMessage(product) };
  }

  async retireProduct(request: RetireProductRequest, call: CallContext) {
    requireRole(call, 'admin');
    await this.retirement.execute(request.productId, request.reason);
    return {};
  }

  async getMarkets(request: GetMarketsRequest) {
    return { markets: (await this.catalogue.markets(request.marketIds, request)).map(marketMessage) };
  }

  async checkStock(request: CheckStockRequest) {
    return { activeAsks: await this.catalogue.stock(request.marketId) };
  }

  async reserveStock({ orderId, marketId, askId }: ReserveStockRequest, call: CallContext) {
    requireService(call, 'order');
    await this.reserving.execute({ orderId, marketId, askId });
    return {};
  }

  async releaseStock({ orderId, marketId, askId }: ReleaseStockRequest, call: CallContext) {
    requireService(call, 'order');
    await this.releasing.execute({ orderId, marketId, askId });
    return {};
  }
}
