import { money, type Money } from '@libs/kernel/money';
import { currencyFixed, invalidProduct, retired, sizeUnknown, stale } from './errors';
import { type Market, priceRules } from './market';

export interface Product {
  readonly id: string;
  readonly brand: string;
  readonly model: string;
  readonly colorway: string;
  readonly category: string;
  readonly styleId: string;
  readonly description: string;
  /** The currency is the product's, also when nobody knows the retail price. */
  readonly currency: string;
  readonly retailPriceMinor?: number;
  /** YYYY-MM-DD, or empty. */
  readonly releaseDate: string;
  readonly imageUrls: readonly string[];
  readonly markets: readonly Market[];
  readonly urlKey: string;
  readonly status: 'active' | 'retired';
  readonly createdAt: Date;
  readonly version: number;
}

export interface ProductDraft {
  readonly brand: string;
  readonly model: string;
  readonly colorway: string;
  /** Empty: sneakers. */
  readonly category: string;
  readonly styleId: string;
  readonly description: string;
  readonly retailPrice?: Money;
  readonly releaseDate: string;
  readonly imageUrls: readonly string[];
  readonly sizes: readonly string[];
  readonly minPriceMinor: number;
}

export interface ProductChanges {
  readonly model?: string;
  readonly colorway?: string;
  readonly category?: string;
  readonly description?: string;
  readonly retailPrice?: Money;
  readonly releaseDate?: string;
  readonly imageUrls?: readonly string[];
  readonly addSizes: readonly string[];
  readonly retireSizes: readonly string[];
}

const DEFAULT_CURRENCY = 'USD';
const DEFAULT_CATEGORY = 'sneakers';
const MAX_SIZES = 100;
const MAX_IMAGES = 20;
const MAX_SIZE_LENGTH = 10;

/** A product as it enters the catalogue. `newMarketId` is asked once for each size. */
export function createProduct(draft: ProductDraft, id: string, createdAt: Date, newMarketId: () => string): Product {
  const brand = required('brand', draft.brand);
  const model = required('model', draft.model);
  const styleId = required('styleId', draft.styleId).toUpperCase();
  const currency = draft.retailPrice?.currency ?? DEFAULT_CURRENCY;
  const rules = priceRules(currency, draft.minPriceMinor);
  if (rules.minPriceMinor % rules.tickMinor !== 0 || rules.minPriceMinor < rules.tickMinor || rules.minPriceMinor > rules.maxPriceMinor)
    throw invalidProduct('minPriceMinor', 'The minimum price must be a whole number of ticks and at most the maximum.');
  const sizes = sizesOf(draft.sizes);
  if (sizes.length === 0) throw invalidProduct('sizes', 'A product needs at least one size.');
  return {
    id, brand, model, styleId, currency, createdAt,
    colorway: draft.colorway.trim(),
    category: categoryOf(draft.category),
    description: draft.description,
    releaseDate: releaseDateOf(draft.releaseDate),
    imageUrls: imagesOf(draft.imageUrls),
    urlKey: urlKeyOf(brand, model, draft.colorway, styleId),
    status: 'active',
    version: 1,
    markets: sizes.map((size) => ({ id: newMarketId(), productId: id, size, condition: 'new', currency, ...rules, status: 'active' })),
    ...(draft.retailPrice && { retailPriceMinor: retailOf(draft.retailPrice) }),
  };
}

/**
 * The product after an edit. A size that is added again keeps the market id that it had.
 * An edit that changes nothing returns the very same object, so that it is neither stored nor announced.
 */
export function changeProduct(product: Product, changes: ProductChanges, expectedVersion: number, newMarketId: () => string): Product {
  if (expectedVersion !== 0 && expectedVersion !== product.version) throw stale(product.version);
  if (product.status === 'retired') throw retired(product.id);
  if (changes.retailPrice && changes.retailPrice.currency !== product.currency) throw currencyFixed(product.currency);
  const changed: Product = {
    ...product,
    ...(changes.model !== undefined && { model: required('model', changes.model) }),
    ...(changes.colorway !== undefined && { colorway: changes.colorway.trim() }),
    ...(changes.category !== undefined && { category: categoryOf(changes.category) }),
    ...(changes.description !== undefined && { description: changes.description }),
    ...(changes.retailPrice && { retailPriceMinor: retailOf(changes.retailPrice) }),
    ...(changes.releaseDate !== undefined && { releaseDate: releaseDateOf(changes.releaseDate) }),
    ...(changes.imageUrls && { imageUrls: imagesOf(changes.imageUrls) }),
    markets: marketsAfter(product, changes, newMarketId),
  };
  return JSON.stringify(changed) === JSON.stringify(product) ? product : { ...changed, version: product.version + 1 };
}

/** A soft delete: the product and all its markets stay readable, and take no new quotes. */
export function retireProduct(product: Product): Product {
  if (product.status === 'retired') return product;
  const markets = product.markets.map((market) => ({ ...market, status: 'retired' as const }));
  return { ...product, status: 'retired', markets, version: product.version + 1 };
}

export function retailPriceOf(product: Product): Money | undefined {
  return product.retailPriceMinor === undefined ? undefined : money(product.currency, product.retailPriceMinor);
}

function marketsAfter(product: Product, changes: ProductChanges, newMarketId: () => string): readonly Market[] {
  const add = sizesOf(changes.addSizes);
  const retire = sizesOf(changes.retireSizes);
  for (const size of retire) {
    if (add.includes(size)) throw invalidProduct('retireSizes', 'A size cannot be added and retired at once.');
    if (!product.markets.some((market) => market.size === size)) throw sizeUnknown(size);
  }
  const kept = product.markets.map((market) => {
    if (add.includes(market.size)) return { ...market, status: 'active' as const };
    return retire.includes(market.size) ? { ...market, status: 'retired' as const } : market;
  });
  const known = new Set(product.markets.map((market) => market.size));
  const first = product.markets[0];
  const rules = first
    ? { tickMinor: first.tickMinor, minPriceMinor: first.minPriceMinor, maxPriceMinor: first.maxPriceMinor }
    : priceRules(product.currency, 0);
  const added = add
    .filter((size) => !known.has(size))
    .map((size): Market => ({ id: newMarketId(), productId: product.id, size, condition: 'new', currency: product.currency, ...rules, status: 'active' }));
  if (kept.length + added.length > MAX_SIZES) throw invalidProduct('addSizes', `A product has at most ${MAX_SIZES} sizes.`);
  return [...kept, ...added];
}

function sizesOf(sizes: readonly string[]): string[] {
  const trimmed = sizes.map((size) => size.trim());
  if (trimmed.some((size) => size === '' || size.length > MAX_SIZE_LENGTH))
    throw invalidProduct('sizes', `A size has 1 to ${MAX_SIZE_LENGTH} characters.`);
  if (trimmed.length > MAX_SIZES) throw invalidProduct('sizes', `A product has at most ${MAX_SIZES} sizes.`);
  return [...new Set(trimmed)];
}

function imagesOf(urls: readonly string[]): readonly string[] {
  if (urls.length > MAX_IMAGES) throw invalidProduct('imageUrls', `A product has at most ${MAX_IMAGES} images.`);
  return urls;
}

function retailOf(price: Money): number {
  if (price.minor <= 0) throw invalidProduct('retailPrice', 'A retail price is above zero.');
  return price.minor;
}

function required(field: string, text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') throw invalidProduct(field, 'This may not be empty.');
  return trimmed;
}

function categoryOf(text: string): string {
  const category = text.trim() === '' ? DEFAULT_CATEGORY : text.trim();
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(category)) throw invalidProduct('category', 'A category is a word of lower-case letters, digits and dashes.');
  return category;
}

function releaseDateOf(text: string): string {
  if (text === '') return '';
  const date = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined;
  if (!date || Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== text)
    throw invalidProduct('releaseDate', 'A release date is a day of the calendar, as YYYY-MM-DD.');
  return text;
}

/** The product's name in an address: `nike-dunk-low-panda-dd1391-100`. */
function urlKeyOf(...parts: readonly string[]): string {
  return parts
    .join(' ')
    .normalize('NFKD')
    .replace(/[^\p{Letter}\p{Number}\s_./-]/gu, '')
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}]+/gu, '-')
    .replace(/^-|-$/g, '');
}
