/** What is found: a product with its sizes and their prices, as of one version. Prices are whole minor units. */
export interface ProductDocument {
  readonly id: string;
  /** Grows with each change of anything in it: an older one never replaces a newer one. */
  readonly version: number;
  /** A product that is gone stays as a document that nobody finds, so that a late write cannot bring it back. */
  readonly isListed: boolean;
  readonly urlKey: string;
  readonly brand: string;
  readonly model: string;
  readonly colorway: string;
  readonly styleId: string;
  readonly category: string;
  readonly description: string;
  readonly imageUrl: string;
  readonly currency: string;
  readonly retailPrice?: number;
  /** YYYY-MM-DD, or empty. */
  readonly releaseDate: string;
  readonly createdAt: Date;
  /** Those that trade, in the order of the catalogue. */
  readonly variants: readonly Variant[];
  /** Of all sizes. */
  readonly lowestAsk?: number;
  readonly lastSale?: number;
  readonly lastSoldAt?: Date;
  /** How often it was sold: between two that fit alike the one that is bought more comes first. */
  readonly sales: number;
}

export interface Variant {
  readonly marketId: string;
  readonly size: string;
  readonly lowestAsk?: number;
  readonly lastSale?: number;
}
