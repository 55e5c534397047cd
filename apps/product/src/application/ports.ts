import type { Transaction } from '@libs/postgres/transaction';
import type { Market } from '../domain/market';
import type { Product } from '../domain/product';
import type { Reservation } from '../domain/reservation';

export interface ProductPage {
  readonly products: readonly Product[];
  /** The id after which the next page starts, or undefined on the last one. */
  readonly next?: string;
}

/** A market, and the category of its product. */
export type MarketOfCategory = Market & { readonly category: string };

export abstract class Products {
  abstract find(idOrUrlKey: string): Promise<Product | undefined>;
  /** Locks the product until the transaction ends. */
  abstract lock(tx: Transaction, id: string): Promise<Product | undefined>;
  /** Newest first; active ones only. */
  abstract page(request: { readonly brand: string; readonly limit: number; readonly after?: string }): Promise<ProductPage>;
  abstract markets(ids: readonly string[]): Promise<readonly MarketOfCategory[]>;
  /** Answers false when another product has the style id. A url key that is taken gets a suffix, so the stored product is answered. */
  abstract add(tx: Transaction, product: Product): Promise<Product | 'style_id_taken'>;
  abstract update(tx: Transaction, product: Product): Promise<void>;
}

export abstract class Reservations {
  /** Takes the row lock of the size, which all reservations of its asks pass one by one. Answers whether the market exists. */
  abstract lockSize(tx: Transaction, marketId: string): Promise<boolean>;
  abstract find(tx: Transaction, orderId: string): Promise<Reservation | undefined>;
  /** Answers false when another order holds the ask. */
  abstract hold(tx: Transaction, reservation: Omit<Reservation, 'released'>, at: Date): Promise<boolean>;
  /** Writes the tombstone, also where nothing was held. */
  abstract release(tx: Transaction, reservation: Omit<Reservation, 'released'>, at: Date): Promise<void>;
}

/** The asks that stand in the market's book now: bidding knows. */
export abstract class ActiveAsks {
  abstract count(marketId: string): Promise<number>;
}
