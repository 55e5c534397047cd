import { Injectable } from '@nestjs/common';
import type { EventOf } from '@libs/contracts/events';
import type { Product } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { OnEvent } from '@libs/events/on-event';
import { invariant } from '@libs/kernel/invariant';
import type { Transaction } from '@libs/postgres/transaction';
import { knownProductOf } from '../../application/known-product';
import { Catalogue } from '../../application/ports';
import { RecordTrade } from '../../application/record-trade';

@Injectable()
export class OnProduct {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly trades: RecordTrade,
  ) {}

  @OnEvent('product.created')
  created(tx: Transaction, { product }: EventOf<'product.created'>): Promise<void> {
    return this.learn(tx, product);
  }

  @OnEvent('product.updated')
  updated(tx: Transaction, { product }: EventOf<'product.updated'>): Promise<void> {
    return this.learn(tx, product);
  }

  private async learn(tx: Transaction, product: Product | undefined): Promise<void> {
    invariant(product, 'a product event without its product');
    await this.catalogue.learn(tx, knownProductOf(product));
    await this.trades.branded(tx, product.id, product.brand);
  }
}
