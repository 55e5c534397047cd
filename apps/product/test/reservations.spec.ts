import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { ProductService } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { AppError } from '@libs/kernel/app-error';
import { typeId, uuidOf } from '@libs/kernel/ids';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { ProductModule } from '../src/product.module';

const admin = { id: 'usr_00000000000000000000000001', sessionId: 'ses_00000000000000000000000001', roles: ['admin'] as const };

const START_MS_MAX = 60_000;
let service: TestService;
let markets: string[];

beforeAll(async () => {
  service = await startTestService(ProductModule);
  const { product } = await service
    .client(ProductService, admin)
    .createProduct({ brand: 'Nike', model: 'Dunk', styleId: 'S-1', retailPrice: { currency: 'USD', minor: 11_500n }, sizes: ['9', '10'] });
  markets = product?.markets.map(({ id }) => id) ?? [];
}, START_MS_MAX);
afterAll(() => service.stop());

const newId = (prefix: 'ord' | 'ask') => typeId(prefix, randomUUID());
const wanted = (changes: { orderId?: string; askId?: string; marketId?: string } = {}) => ({ orderId: newId('ord'), askId: newId('ask'), marketId: markets[0] ?? '', ...changes });
const reserve = (request: ReturnType<typeof wanted>) => service.client(ProductService, 'order').reserveStock(request);
const release = (request: ReturnType<typeof wanted>) => service.client(ProductService, 'order').releaseStock(request);
const liveHolders = (askId: string) => service.sql.query('select order_id from reservations where ask_id = $1 and released_at is null', [uuidOf('ask', askId)]);

describe('a reservation', () => {
  it('is made once, however often the order asks', async () => {
    const request = wanted();
    await reserve(request);
    await reserve(request);
    expect(await liveHolders(request.askId)).toHaveLength(1);
  });

  it('keeps every other order away from the ask until it is released', async () => {
    const first = wanted();
    const second = wanted({ askId: first.askId });
    await reserve(first);
    await expect(reserve(second)).rejects.toMatchObject({ code: 'product.ask_reserved', kind: 'conflict' });
    await release(first);
    await reserve(second);
    expect(await liveHolders(first.askId)).toEqual([{ order_id: uuidOf('ord', second.orderId) }]);
  });

  it('never comes back after its release, which may be asked twice', async () => {
    const request = wanted();
    await reserve(request);
    await release(request);
    await release(request);
    await expect(reserve(request)).rejects.toMatchObject({ code: 'product.reservation_released' });
    expect(await liveHolders(request.askId)).toEqual([]);
  });

  it('is refused when its release overtook it', async () => {
    const request = wanted();
    await release(request);
    await expect(reserve(request)).rejects.toMatchObject({ code: 'product.reservation_released' });
  });

  it('is for one ask: an order that holds one gets no other, in its own market or another', async () => {
    const request = wanted();
    await reserve(request);
    await expect(reserve({ ...request, askId: newId('ask') })).rejects.toMatchObject({ code: 'product.reservation_differs' });
    await expect(reserve({ ...request, marketId: markets[1] ?? '' })).rejects.toMatchObject({ code: 'product.reservation_differs' });
  });

  it('is the order service\'s business alone', async () => {
    await expect(service.client(ProductService, 'payment').reserveStock(wanted())).rejects.toMatchObject({ kind: 'forbidden' });
    await expect(service.client(ProductService, admin).releaseStock(wanted())).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('needs a market that exists', async () => {
    await expect(reserve(wanted({ marketId: typeId('mkt', randomUUID()) }))).rejects.toMatchObject({ code: 'product.market_not_found' });
  });

  it('is refused by the database itself when the code would let a second order hold an ask', async () => {
    const request = wanted();
    await reserve(request);
    const again = service.sql.query(
      'insert into reservations (order_id, market_id, ask_id, reserved_at) values ($1, $2, $3, now())',
      [randomUUID(), uuidOf('mkt', request.marketId), uuidOf('ask', request.askId)],
    );
    await expect(again).rejects.toMatchObject({ constraint: 'one_live_reservation_an_ask' });
  });
});

describe('orders that fight for the same few asks, all at once', () => {
  const command = fc.record({ does: fc.constantFrom('reserve', 'release'), order: fc.nat(3), ask: fc.nat(1), market: fc.nat(1) });

  it('never share an ask, never get a second one, and never hold again what they have released', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 2, maxLength: 16 }), async (commands) => {
        const orders = Array.from({ length: 4 }, () => newId('ord'));
        const asks = Array.from({ length: 2 }, () => newId('ask'));
        const results = await Promise.allSettled(
          commands.map(({ does, order, ask, market }) => {
            const request = { orderId: orders[order] ?? '', askId: asks[ask] ?? '', marketId: markets[market] ?? '' };
            return does === 'reserve' ? reserve(request) : release(request);
          }),
        );
        for (const result of results) if (result.status === 'rejected') expect((result.reason as AppError).kind).toBe('conflict');
        const rows = await service.sql.query<{ order_id: string; ask_id: string; live: boolean }>(
          'select order_id, ask_id, released_at is null as live from reservations where order_id = any($1::uuid[])',
          [orders.map((order) => uuidOf('ord', order))],
        );
        const live = rows.filter((row) => row.live);
        expect(new Set(live.map((row) => row.ask_id)).size).toBe(live.length);
        expect(new Set(rows.map((row) => row.order_id)).size).toBe(rows.length);
        const released = new Set(commands.filter(({ does }) => does === 'release').map(({ order }) => uuidOf('ord', orders[order] ?? '')));
        expect(live.filter((row) => released.has(row.order_id))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});
