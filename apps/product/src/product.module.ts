import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { defineService } from '@libs/chassis/service';
import { ProductService } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { BiddingActiveAsks } from './adapters/clients/bidding-active-asks';
import { PostgresProducts } from './adapters/postgres/postgres-products';
import { PostgresReservations } from './adapters/postgres/postgres-reservations';
import { ProductController } from './adapters/rpc/product.controller';
import { CreateProduct } from './application/create-product';
import { ActiveAsks, Products, Reservations } from './application/ports';
import { ReadProducts } from './application/read-products';
import { ReleaseStock } from './application/release-stock';
import { ReserveStock } from './application/reserve-stock';
import { RetireProduct } from './application/retire-product';
import { UpdateProduct } from './application/update-product';
import { ProductConfig } from './product.config';

@Module({
  controllers: [ProductController],
  providers: [
    CreateProduct,
    UpdateProduct,
    RetireProduct,
    ReadProducts,
    ReserveStock,
    ReleaseStock,
    { provide: Products, useClass: PostgresProducts },
    { provide: Reservations, useClass: PostgresReservations },
    { provide: ActiveAsks, useClass: BiddingActiveAsks },
  ],
})
export class ProductModule {
  static readonly service = defineService({
    name: 'product',
    config: ProductConfig,
    serves: [ProductService],
    migrations: join(__dirname, 'adapters/postgres/migrations'),
  });
}
