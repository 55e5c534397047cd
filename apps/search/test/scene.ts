import { randomUUID } from 'node:crypto';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { ProductService } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { SearchService } from '@libs/contracts/gen/exchange/search/v1/search_pb';
import { typeId } from '@libs/kernel/ids';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { SearchModule } from '../src/search.module';

/** A product as its owner would tell it. */
interface ListedProduct {
  readonly id: string;
  readonly brand: string;
  readonly model: string;
  readonly colorway: string;
  readonly styleId: string;
  readonly description: string;
  readonly urlKey: string;
  readonly status: string;
  readonly version: bigint;
  readonly category: string;
  readonly createdAt: { seconds: bigint; nanos: number };
  readonly markets: { id: string; productId: string; size: string; condition: string; currency: string; status: string }[];
}

const usd = (dollars: number) => ({ currency: 'USD', minor: BigInt(dollars * 100) });
const newId = (prefix: 'prd' | 'mkt' | 'ask' | 'bid' | 'mtc' | 'ord' | 'usr') => typeId(prefix, randomUUID());

/** The search service among owners that remember what they have announced, as the real ones do. */
export class Scene {
  readonly products = new Map<string, ListedProduct>();
  readonly markets = new Map<string, { seq: number; asks: Map<string, number>; busted: Set<string> }>();
  readonly paid: { orderId: string; matchId: string; marketId: string; price: ReturnType<typeof usd>; paidAt: { seconds: bigint; nanos: number } }[] = [];
  private styles = 0;

  private constructor(readonly service: TestService) {}

  /** With an engine that is away there is always something left to do. */
  static async open(env: Readonly<Record<string, string>> = {}, engine: 'there' | 'away' = 'there'): Promise<Scene> {
    const open: { scene?: Scene } = {};
    const service = await startTestService(SearchModule, {
      env,
      fakes: [
        [ProductService, { listProducts: async () => ({ products: [...(open.scene?.products.values() ?? [])].filter((product) => product.status === 'active') }) }],
        [BiddingService, {
          listMarketFacts: async ({ after }) => ({
            markets: after !== '' ? [] : [...(open.scene?.markets ?? [])].map(([marketId, { seq, asks, busted }]) => ({
              marketId, marketSeq: BigInt(seq), asks: [...asks].map(([askId, dollars]) => ({ askId, priceMinor: BigInt(dollars * 100) })), bustedMatchIds: [...busted],
            })),
          }),
        }],
        [OrderService, { listPaidOrders: async ({ after }) => ({ orders: after !== '' ? [] : (open.scene?.paid ?? []) }) }],
      ],
    });
    open.scene = new Scene(service);
    if (engine === 'there') await service.settled();
    return open.scene;
  }

  get search() {
    return this.service.client(SearchService);
  }

  async find(query: string, more: object = {}) {
    await this.service.settled();
    return this.search.search({ query, ...more });
  }

  /** The one product that is found by these words. */
  async card(query: string) {
    const { cards } = await this.find(query);
    if (cards.length !== 1 || !cards[0]) throw new Error(`${cards.length} products are found by ${query}`);
    return cards[0];
  }

  lists(model: string, sizes: readonly string[] = ['9'], brand = 'Norrland'): ListedProduct {
    const id = newId('prd');
    const product = {
      id, brand, model, colorway: 'Moss', styleId: `ST-${++this.styles}`, description: '', urlKey: id.replace('_', '-'), status: 'active', version: 1n, category: 'sneakers',
      createdAt: { seconds: BigInt(Math.floor(this.service.clock.now().getTime() / 1000)), nanos: 0 },
      markets: sizes.map((size) => ({ id: newId('mkt'), productId: id, size, condition: 'new', currency: 'USD', status: 'active' })),
    };
    this.products.set(id, product);
    for (const { id: marketId } of product.markets) this.markets.set(marketId, { seq: 0, asks: new Map(), busted: new Set() });
    return product;
  }

  async listed(model: string, sizes?: readonly string[], brand?: string) {
    const product = this.lists(model, sizes, brand);
    await this.service.deliver('product.created', product.id, { product });
    return product;
  }

  async changed(product: ListedProduct, changes: Partial<ListedProduct>) {
    const next = { ...product, ...changes, version: product.version + 1n };
    this.products.set(product.id, next);
    await this.service.deliver('product.updated', product.id, { product: next });
    return next;
  }

  async retired(product: ListedProduct) {
    this.products.set(product.id, { ...product, status: 'retired' });
    await this.service.deliver('product.retired', product.id, { productId: product.id, marketIds: product.markets.map(({ id }) => id), reason: '' });
  }

  /** The next step of a market's book. */
  step(marketId: string): { readonly marketId: string; readonly marketSeq: bigint } {
    const market = this.market(marketId);
    market.seq += 1;
    return { marketId, marketSeq: BigInt(market.seq) };
  }

  quote(marketId: string, id: string, dollars: number, status = 'active') {
    const { asks } = this.market(marketId);
    if (status === 'active') asks.set(id, dollars);
    else asks.delete(id);
    return { id, marketId, side: 'ask', price: usd(dollars), status };
  }

  async asked(marketId: string, dollars: number): Promise<string> {
    const id = newId('ask');
    await this.service.deliver('ask.placed', marketId, { ...this.step(marketId), quote: this.quote(marketId, id, dollars) });
    return id;
  }

  matches(marketId: string, askId: string, dollars: number) {
    this.quote(marketId, askId, dollars, 'matched');
    return { ...this.step(marketId), matchId: newId('mtc'), bidId: newId('bid'), askId, price: usd(dollars) };
  }

  async matched(marketId: string, askId: string, dollars: number): Promise<string> {
    const match = this.matches(marketId, askId, dollars);
    await this.service.deliver('match.created', marketId, match);
    return match.matchId;
  }

  /** The buyer has paid. */
  async sold(marketId: string, matchId: string, dollars: number): Promise<void> {
    const orderId = newId('ord');
    const paidAt = { seconds: BigInt(Math.floor(this.service.clock.now().getTime() / 1000)), nanos: 0 };
    this.paid.push({ orderId, matchId, marketId, price: usd(dollars), paidAt });
    await this.service.deliver('order.created', orderId, { orderId, matchId, marketId, price: usd(dollars), paidAt });
  }

  async busted(marketId: string, matchId: string, ask: { id: string; dollars: number; status: string }): Promise<void> {
    this.market(marketId).busted.add(matchId);
    await this.service.deliver('trade.busted', marketId, { ...this.step(marketId), matchId, reason: 'payment_failed', ask: this.quote(marketId, ask.id, ask.dollars, ask.status) });
  }

  /** Everything that could be told apart, but the versions and what is gone: the same before and after a rebuild. */
  async hash(): Promise<string> {
    await this.service.settled();
    const rows = await this.service.sql.query<{ hash: string }>(`select md5(
      (select coalesce(string_agg(t::text, '|' order by t::text), '') from (select p.id, p.version, p.brand, p.model, p.colorway, p.style_id, p.category, p.description, p.currency, p.retail_price_minor, p.release_date, p.image_url, p.url_key, p.created_at from products p where not is_retired) t)
      || (select coalesce(string_agg(t::text, '|' order by t::text), '') from (select m.* from markets m join products p on p.id = m.product_id where not p.is_retired) t)
      || (select coalesce(string_agg(t::text, '|' order by t::text), '') from (select a.id, market_id, price_minor from asks a join markets m on m.id = a.market_id join products p on p.id = m.product_id where is_open and not is_retired) t)
      || (select coalesce(string_agg(t::text, '|' order by t::text), '') from (select match_id, market_id, price_minor, sold_at from sales where sold_at is not null and not is_busted) t)
      || (select coalesce(string_agg(t::text, '|' order by t::text), '') from (select product_id, brand, brand_key, style_key, category, title, release_date, created_at, lowest_ask, last_sold_at, sales, lexemes from documents where is_listed and edition = (select live from editions)) t)
      || (select coalesce(string_agg(t::text, '|' order by t::text), '') from (select v.product_id, position, size, v.lowest_ask from document_variants v join documents d using (edition, product_id) where is_listed and edition = (select live from editions)) t)
    ) as hash`);
    return rows[0]?.hash ?? '';
  }

  async close(): Promise<void> {
    await this.service.stop();
  }

  private market(marketId: string) {
    const market = this.markets.get(marketId);
    if (!market) throw new Error(`there is no market ${marketId}`);
    return market;
  }
}

