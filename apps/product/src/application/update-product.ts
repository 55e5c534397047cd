import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Ids } from '@libs/kernel/ids';
import { Transactions } from '@libs/postgres/transaction';
import { productNotFound } from '../domain/errors';
import { changeProduct, type Product, type ProductChanges } from '../domain/product';
import { Products } from './ports';
import { productMessage } from './product-message';

@Injectable()
export class UpdateProduct {
  constructor(
    private readonly transactions: Transactions,
    private readonly products: Products,
    private readonly outbox: Outbox,
    private readonly ids: Ids,
  ) {}

  /** `expectedVersion` 0 compares nothing. */
  async execute(productId: string, changes: ProductChanges, expectedVersion: number): Promise<Product> {
    return this.transactions.run(async (tx) => {
      const product = await this.products.lock(tx, productId);
      if (!product) throw productNotFound(productId);
      const changed = changeProduct(product, changes, expectedVersion, () => this.ids.next('mkt'));
      if (changed === product) return product;
      await this.products.update(tx, changed);
      this.outbox.add(tx, 'product.updated', changed.id, { product: productMessage(changed) });
      return changed;
    });
  }
}
