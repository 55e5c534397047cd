import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { type Product, ProductService } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { typeId } from '@libs/kernel/ids';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { ProductModule } from '../src/product.module';

const admin = { id: 'usr_00000000000000000000000001', sessionId: 'ses_00000000000000000000000001', roles: ['admin'] as const };
const buyer = { ...admin, id: 'usr_00000000000000000000000002', roles: ['buyer', 'seller'] as const };

const START_MS_MAX = 60_000;
let service: TestService;
let asked: string[] = [];
let styles = 0;

beforeAll(async () => {
  service = await startTestService(ProductModule, {
    fakes: [
      [
        BiddingService,
        {
          countActiveAsks: async ({ marketId }) => {
            asked.push(marketId);
            return { activeAsks: 3 };
          },
        },
      ],
    ],
  });
}, START_MS_MAX);
afterAll(() => service.stop());

const catalogue = (as: Parameters<TestService['client']>[1] = admin) => service.client(ProductService, as);
const panda = (changes: object = {}) => ({
  brand: 'Nike', model: 'Dunk Low', colorway: 'Panda', styleId: `DD1391-${++styles}`, description: 'Black and white.',
  retailPrice: { currency: 'USD', minor: 11_500n }, releaseDate: '2021-03-10', imageUrls: ['/1.jpg', '/2.jpg'], sizes: ['9', '10'], ...changes,
});
async function created(changes: object = {}): Promise<Product> {
  const { product } = await catalogue().createProduct(panda(changes));
  if (!product) throw new Error('no product');
  return product;
}

describe('the catalogue', () => {
  it('takes a product from an administrator, shows it to everybody, and announces it whole', async () => {
    const product = await created();
    expect(product).toMatchObject({ brand: 'Nike', status: 'active', version: 1n, imageUrls: ['/1.jpg', '/2.jpg'], retailPrice: { minor: 11_500n } });
    expect(product.markets.map(({ size, tickMinor, minPriceMinor, maxPriceMinor }) => [size, tickMinor, minPriceMinor, maxPriceMinor])).toEqual([
      ['9', 100n, 2_500n, 10_000_000n],
      ['10', 100n, 2_500n, 10_000_000n],
    ]);
    expect((await catalogue(buyer).getProduct({ productId: product.id })).product).toEqual(product);
    expect((await catalogue(buyer).getProduct({ productId: product.urlKey })).product).toEqual(product);
    const events = (await service.publishedOf('product.created')).filter(({ key }) => key === product.id);
    expect(events).toEqual([expect.objectContaining({ kseq: 1, event: expect.objectContaining({ product }) })]);
  });

  it('is changed by administrators alone', async () => {
    const product = await created();
    const refusal = { kind: 'forbidden' };
    await expect(catalogue(buyer).createProduct(panda())).rejects.toMatchObject(refusal);
    await expect(catalogue(buyer).updateProduct({ productId: product.id, model: 'X' })).rejects.toMatchObject(refusal);
    await expect(catalogue(buyer).retireProduct({ productId: product.id })).rejects.toMatchObject(refusal);
  });

  it('knows a style id once, in whatever case, also of a retired product', async () => {
    const product = await created();
    await catalogue().retireProduct({ productId: product.id });
    await expect(catalogue().createProduct(panda({ styleId: product.styleId.toLowerCase() }))).rejects.toMatchObject({ code: 'product.style_id_taken', kind: 'conflict' });
  });

  it('gives two products that read alike two addresses', async () => {
    const one = await created({ styleId: 'AB 1' });
    const two = await created({ styleId: 'AB-1' });
    expect(two.urlKey.startsWith(`${one.urlKey}-`)).toBe(true);
  });

  it('answers 404 for products and markets that do not exist, and for ids of another kind', async () => {
    const nobody = typeId('prd', '01890a5d-ac96-774b-bcce-b302099a8057');
    for (const productId of [nobody, 'nothing-like-it', buyer.id]) await expect(catalogue().getProduct({ productId })).rejects.toMatchObject({ code: 'product.not_found' });
    const { markets } = await created();
    const missing = typeId('mkt', '01890a5d-ac96-774b-bcce-b302099a8057');
    await expect(catalogue().getMarkets({ marketIds: [markets[0]?.id ?? '', missing] })).rejects.toMatchObject({ code: 'product.market_not_found' });
    expect((await catalogue().getMarkets({ marketIds: [markets[0]?.id ?? '', missing, 'nonsense'], knownOnly: true })).markets.map(({ id }) => id)).toEqual([markets[0]?.id]);
  });

  it('answers markets in the order that was asked for', async () => {
    const ids = (await created()).markets.map(({ id }) => id).reverse();
    expect((await catalogue().getMarkets({ marketIds: ids })).markets.map(({ id }) => id)).toEqual(ids);
  });

  it('says of a market what its product is, as it is now', async () => {
    const { id, markets: [market] } = await created({ category: 'watches' });
    expect(market?.category).toBe('watches');
    const { product } = await catalogue().updateProduct({ productId: id, category: 'clocks' });
    expect(product?.markets.map(({ category }) => category)).toEqual(product?.markets.map(() => 'clocks'));
    expect((await catalogue().getMarkets({ marketIds: [market?.id ?? ''] })).markets).toMatchObject([{ category: 'clocks' }]);
  });

  it('pages through a brand, newest first, each product once, also while new ones arrive', async () => {
    const brand = 'Paged';
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.unshift((await created({ brand })).id);
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await catalogue(buyer).listProducts({ brand: 'paged', limit: 2, cursor });
      seen.push(...page.products.map(({ id }) => id));
      cursor = page.nextCursor;
      await created({ brand });
    } while (cursor !== '');
    expect(seen).toEqual(ids);
    for (const other of ['nonsense', `prd_${'z'.repeat(26)}`]) await expect(catalogue(buyer).listProducts({ cursor: other })).rejects.toMatchObject({ code: 'product.cursor_invalid' });
  });
});

describe('an edit', () => {
  it('changes what it names, adds and retires sizes, and is announced with the product whole', async () => {
    const before = await created();
    const { product } = await catalogue().updateProduct({
      productId: before.id, model: 'Dunk High', images: { urls: ['/3.jpg'] }, addSizes: ['11'], retireSizes: ['9'], expectedVersion: before.version,
    });
    expect(product).toMatchObject({ model: 'Dunk High', colorway: 'Panda', imageUrls: ['/3.jpg'], version: 2n });
    expect(product?.markets.map(({ size, status }) => `${size} ${status}`)).toEqual(['9 retired', '10 active', '11 active']);
    expect((await catalogue().getProduct({ productId: before.id })).product).toEqual(product);
    const events = (await service.publishedOf('product.updated')).filter(({ key }) => key === before.id);
    expect(events).toEqual([expect.objectContaining({ kseq: 2, event: expect.objectContaining({ product }) })]);
  });

  it('is refused when somebody else was faster; of two at once one is', async () => {
    const { id, version } = await created();
    const edit = (model: string) => catalogue().updateProduct({ productId: id, model, expectedVersion: version });
    const results = await Promise.allSettled([edit('A'), edit('B'), edit('C')]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'product.stale', kind: 'conflict' });
  });

  it('that changes nothing is not announced', async () => {
    const { id } = await created();
    await catalogue().updateProduct({ productId: id, model: 'Dunk Low', addSizes: ['9'] });
    expect((await service.published()).filter(({ key }) => key === id)).toHaveLength(1);
  });
});

describe('a retired product', () => {
  it('leaves the lists, stays readable, and says so once', async () => {
    const product = await created({ brand: 'Gone' });
    await catalogue().retireProduct({ productId: product.id, reason: 'recalled' });
    await catalogue().retireProduct({ productId: product.id, reason: 'again' });
    expect((await catalogue(buyer).listProducts({ brand: 'Gone' })).products).toEqual([]);
    expect((await catalogue(buyer).getProduct({ productId: product.id })).product).toMatchObject({ status: 'retired', markets: [{ status: 'retired' }, { status: 'retired' }] });
    const events = (await service.publishedOf('product.retired')).filter(({ key }) => key === product.id);
    expect(events.map(({ event }) => event)).toEqual([expect.objectContaining({ marketIds: product.markets.map(({ id }) => id), reason: 'recalled' })]);
  });
});

describe('stock', () => {
  it('is the number of asks in the book', async () => {
    const marketId = (await created()).markets[0]?.id ?? '';
    asked = [];
    expect(await catalogue('order').checkStock({ marketId })).toMatchObject({ activeAsks: 3 });
    expect(asked).toEqual([marketId]);
  });

  it('is not asked of bidding for a market that does not exist', async () => {
    asked = [];
    await expect(catalogue('order').checkStock({ marketId: typeId('mkt', '01890a5d-ac96-774b-bcce-b302099a8057') })).rejects.toMatchObject({ code: 'product.market_not_found' });
    expect(asked).toEqual([]);
  });
});
