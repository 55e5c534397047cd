import { Injectable } from '@nestjs/common';
import type { EventOf } from '@libs/contracts/events';
import { OnEvent } from '@libs/events/on-event';
import { invariant } from '@libs/kernel/invariant';
import type { Transaction } from '@libs/postgres/transaction';
import { Facts } from '../../application/ports';
import { productFactsOf } from '../../application/product-facts';

@Injectable()
export class OnProduct {
  constructor(private readonly facts: Facts) {}

  @OnEvent('product.created')
  async created(tx: Transaction, { product }: EventOf<'product.created'>): Promise<void> {
    invariant(product, 'product.created without its product');
    await this.facts.product(tx, productFactsOf(product));
  }

  @OnEvent('product.updated')
  async updated(tx: Transaction, { product }: EventOf<'product.updated'>): Promise<void> {
    invariant(product, 'product.updated without its product');
    await this.facts.product(tx, productFactsOf(product));
  }

  @OnEvent('product.retired')
  async retired(tx: Transaction, { productId }: EventOf<'product.retired'>): Promise<void> {
    await this.facts.retired(tx, productId);
  }
}
