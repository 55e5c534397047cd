import { Injectable } from '@nestjs/common';
import type { EventOf } from '@libs/contracts/events';
import { OnEvent } from '@libs/events/on-event';
import type { Transaction } from '@libs/postgres/transaction';
import { MarketStore } from '../../application/ports';
import { termsOf } from '../../application/terms-of';

@Injectable()
export class OnProduct {
  constructor(private readonly markets: MarketStore) {}

  @OnEvent('product.created')
  async created(tx: Transaction, { product }: EventOf<'product.created'>): Promise<void> {
    await this.markets.changed(tx, (product?.markets ?? []).map(termsOf));
  }

  @OnEvent('product.updated')
  async updated(tx: Transaction, { product }: EventOf<'product.updated'>): Promise<void> {
    await this.markets.changed(tx, (product?.markets ?? []).map(termsOf));
  }

  @OnEvent('product.retired')
  async retired(tx: Transaction, { marketIds }: EventOf<'product.retired'>): Promise<void> {
    await this.markets.retired(tx, marketIds);
  }
}
