import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Transactions } from '@libs/postgres/transaction';
import { productNotFound } from '../domain/errors';
import { retireProduct } from '../domain/product';
import { Products } from './ports';

/** Retiring twice is retiring once: the second time nothing is announced. */
@Injectable()
export class RetireProduct {
  constructor(
    private readonly transactions: Transactions,
    private readonly products: Products,
    private readonly outbox: Outbox,
  ) {}

  async execute(productId: string, reason: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      const product = await this.products.lock(tx, productId);
      if (!product) throw productNotFound(productId);
      const gone = retireProduct(product);
      if (gone === product) return;
      await this.products.update(tx, gone);
      this.outbox.add(tx, 'product.retired', gone.id, { productId: gone.id, marketIds: gone.markets.map((market) => market.id), reason });
    });
  }
}
