import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Clock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import { Transactions } from '@libs/postgres/transaction';
import { styleIdTaken } from '../domain/errors';
import { createProduct, type Product, type ProductDraft } from '../domain/product';
import { Products } from './ports';
import { productMessage } from './product-message';

@Injectable()
export class CreateProduct {
  constructor(
    private readonly transactions: Transactions,
    private readonly products: Products,
    private readonly outbox: Outbox,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  async execute(draft: ProductDraft): Promise<Product> {
    const product = createProduct(draft, this.ids.next('prd'), this.clock.now(), () => this.ids.next('mkt'));
    return this.transactions.run(async (tx) => {
      const added = await this.products.add(tx, product);
      if (added === 'style_id_taken') throw styleIdTaken(product.styleId);
      this.outbox.add(tx, 'product.created', added.id, { product: productMessage(added) });
      return added;
    });
  }
}
