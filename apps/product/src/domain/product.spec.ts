import { money } from '@libs/kernel/money';
import { changeProduct, createProduct, type Product, type ProductChanges, type ProductDraft, retireProduct } from './product';

const now = new Date('2026-11-20T12:00:00Z');
let markets = 0;
const newMarketId = () => `mkt_${++markets}`;

const panda: ProductDraft = {
  brand: 'Nike', model: 'Dunk Low', colorway: 'Black White "Panda"', category: '', styleId: 'dd1391-100', description: '', retailPrice: money('USD', 11_500),
  releaseDate: '2021-03-10', imageUrls: ['/a.jpg', '/b.jpg'], sizes: ['9', '9.5', '10'], minPriceMinor: 0,
};
const created = (draft: Partial<ProductDraft> = {}): Product => createProduct({ ...panda, ...draft }, 'prd_1', now, newMarketId);
const changed = (product: Product, changes: Partial<ProductChanges>, version = 0) =>
  changeProduct(product, { addSizes: [], retireSizes: [], ...changes }, version, newMarketId);
const sizes = (product: Product) => product.markets.map(({ size, status }) => `${size} ${status}`);

describe('a product', () => {
  it('opens one market for each size, priced in whole dollars from 25 to 100,000', () => {
    const product = created();
    expect(sizes(product)).toEqual(['9 active', '9.5 active', '10 active']);
    expect(product.markets[0]).toMatchObject({ currency: 'USD', tickMinor: 100, minPriceMinor: 2_500, maxPriceMinor: 10_000_000, condition: 'new' });
    expect(new Set(product.markets.map(({ id }) => id)).size).toBe(3);
  });

  it('has whole yen as its tick where the currency has no minor unit', () => {
    expect(created({ retailPrice: money('JPY', 16_500) }).markets[0]).toMatchObject({ currency: 'JPY', tickMinor: 1, minPriceMinor: 25 });
  });

  it('has a readable key for its address and one spelling of its style id', () => {
    expect(created()).toMatchObject({ urlKey: 'nike-dunk-low-black-white-panda-dd1391-100', styleId: 'DD1391-100' });
    expect(created({ colorway: 'Café crème' }).urlKey).toBe('nike-dunk-low-cafe-creme-dd1391-100');
  });

  it.each([
    ['brand', { brand: ' ' }],
    ['model', { model: '' }],
    ['styleId', { styleId: '' }],
    ['sizes', { sizes: [] }],
    ['sizes', { sizes: ['12345678901'] }],
    ['releaseDate', { releaseDate: '2026-02-30' }],
    ['releaseDate', { releaseDate: '20.11.2026' }],
    ['retailPrice', { retailPrice: money('USD', 0) }],
    ['minPriceMinor', { minPriceMinor: 2_550 }],
    ['minPriceMinor', { minPriceMinor: 10_000_100 }],
    ['imageUrls', { imageUrls: Array.from({ length: 21 }, (_, n) => `/${n}.jpg`) }],
  ] as [string, Partial<ProductDraft>][])('is refused for its %s: %j', (field, draft) => {
    expect(() => created(draft)).toThrow(expect.objectContaining({ code: 'product.invalid', details: { field } }));
  });
});

describe('an edit', () => {
  it('counts the version up, and an edit that changes nothing does not', () => {
    const product = created();
    expect(changed(product, { model: 'Dunk High' })).toMatchObject({ model: 'Dunk High', brand: 'Nike', version: 2 });
    expect(changed(product, { model: 'Dunk Low', addSizes: ['9'], imageUrls: ['/a.jpg', '/b.jpg'] })).toBe(product);
  });

  it('is refused when somebody else was faster', () => {
    const product = changed(created(), { model: 'Dunk High' });
    expect(() => changed(product, { model: 'Dunk Mid' }, 1)).toThrow(expect.objectContaining({ code: 'product.stale' }));
    expect(changed(product, { model: 'Dunk Mid' }, 2).version).toBe(3);
  });

  it('retires a size, and gives it its old market back when it is added again', () => {
    const product = created();
    const without = changed(product, { retireSizes: ['9.5'] });
    expect(sizes(without)).toEqual(['9 active', '9.5 retired', '10 active']);
    const again = changed(without, { addSizes: ['9.5', '11'] });
    expect(sizes(again)).toEqual(['9 active', '9.5 active', '10 active', '11 active']);
    expect(again.markets[1]?.id).toBe(product.markets[1]?.id);
    expect(again.markets[3]).toMatchObject({ tickMinor: 100, minPriceMinor: 2_500 });
  });

  it('refuses to retire a size that the product never had, and to add and retire one at once', () => {
    expect(() => changed(created(), { retireSizes: ['14'] })).toThrow(expect.objectContaining({ code: 'product.size_unknown' }));
    expect(() => changed(created(), { retireSizes: ['9'], addSizes: ['9'] })).toThrow(expect.objectContaining({ code: 'product.invalid' }));
  });

  it('never moves a product to another currency', () => {
    expect(() => changed(created(), { retailPrice: money('EUR', 11_500) })).toThrow(expect.objectContaining({ code: 'product.currency_fixed' }));
  });

  it('is refused once the product is retired, with all its markets', () => {
    const gone = retireProduct(created());
    expect(sizes(gone)).toEqual(['9 retired', '9.5 retired', '10 retired']);
    expect(gone.version).toBe(2);
    expect(retireProduct(gone)).toBe(gone);
    expect(() => changed(gone, { model: 'Dunk High' })).toThrow(expect.objectContaining({ code: 'product.retired' }));
  });
});
