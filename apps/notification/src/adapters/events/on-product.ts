import { Injectable } from '@nestjs/common';
import type { EventOf } from '@libs/contracts/events';
import { OnEvent } from '@libs/events/on-event';
import type { Transaction } from '@libs/postgres/transaction';
import { Known } from '../../application/ports';

/** What pairs are called. */
@Injectable()
export class OnProduct {
  constructor(private readonly known: Known) {}

  @OnEvent('product.created')
  async created(tx: Transaction, { product }: EventOf<'product.created'>): Promise<void> {
    await this.note(tx, product);
  }

  @OnEvent('product.updated')
  async updated(tx: Transaction, { product }: EventOf<'product.updated'>): Promise<void> {
    await this.note(tx, product);
  }

  private async note(tx: Transaction, product: EventOf<'product.created'>['product']): Promise<void> {
    if (!product) return;
    const { brand, model, colorway, urlKey } = product;
    const item = [brand, model, colorway].filter((part) => part !== '').join(' ');
    for (const { id, size } of product.markets) await this.known.market(tx, { id, item, size, urlKey });
  }
}
