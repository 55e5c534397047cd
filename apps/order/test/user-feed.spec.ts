import type { MessageInitShape } from '@bufbuild/protobuf';
import { OrderService, type UserOrder, type WatchUserOrdersRequestSchema } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import type { CallUser } from '@libs/rpc/call-context';
import { testRedis, type TestRedis } from '@libs/testing/test-redis';
import { Subject } from 'rxjs';
import { Scene } from './scene';

describe.each(['in one process', 'over Redis'] as const)('a user\'s own orders, pushed %s', (form) => {
  let scene: Scene;
  let redis: TestRedis | undefined;
  beforeAll(async () => {
    redis = form === 'over Redis' ? await testRedis() : undefined;
    scene = await Scene.open(redis ? { REDIS_URL: redis.url } : {});
  }, 60_000);
  afterAll(async () => {
    await scene.close();
    await redis?.close();
  });

  async function watching(...users: CallUser[]) {
    const wanted = new Subject<MessageInitShape<typeof WatchUserOrdersRequestSchema>>();
    const told: UserOrder[] = [];
    const readings: string[] = [];
    const subscription = scene.service.client(OrderService).watchUserOrders(wanted).subscribe(({ orders, readAgain }) => {
      told.push(...orders);
      readings.push(...readAgain);
    });
    await scene.eventually(() => {
      wanted.next({ watch: users.map(({ id }) => id) });
      return users.every(({ id }) => readings.includes(id));
    });
    const last = (user: CallUser) => told.filter(({ userId }) => userId === user.id).sort((a, b) => Number((a.order?.revision ?? 0n) - (b.order?.revision ?? 0n))).at(-1)?.order;
    return { told, readings, last, leave: () => subscription.unsubscribe() };
  }

  it('each side is told of every step as it sees it itself, up to how the order stands', async () => {
    const { told, last, leave } = await watching(scene.buyer, scene.seller);
    const id = await scene.orderThatIs('delivered');
    const seen = async (user: CallUser) => (await scene.as(user).getOrder({ orderId: id })).order;
    const [bought, sold] = [await seen(scene.buyer), await seen(scene.seller)];
    await scene.eventually(() => last(scene.buyer)?.revision === bought?.revision && last(scene.seller)?.revision === sold?.revision);
    expect([last(scene.buyer), last(scene.seller)]).toEqual([bought, sold]);
    expect(told.filter(({ userId }) => userId === scene.buyer.id).map(({ order }) => order?.sellerId)).not.toContain(scene.seller.id);
    expect(bought?.status).toBe('delivered');
    leave();
  });

  it('what changes without an event is told too, with a higher revision', async () => {
    const { told, leave } = await watching(scene.buyer);
    const { id } = await scene.opened();
    const before = await scene.order(id);
    await scene.service.deliver('payment.refunded', id, { orderId: id, buyerId: scene.buyer.id, amount: { currency: 'USD', minor: 48_745n } });
    await scene.service.settled();
    await scene.eventually(() => told.some(({ order }) => order?.paymentStatus === 'refunded'));
    const after = await scene.order(id);
    expect([after.version, after.revision > before.revision]).toEqual([before.version, true]);
    leave();
  });

  it('nobody is told of another\'s order', async () => {
    const [strangers, sellers] = [await watching(scene.stranger), await watching(scene.seller)];
    await scene.opened();
    await scene.eventually(() => sellers.told.length > 0);
    expect(strangers.told).toEqual([]);
    expect(new Set(sellers.told.map(({ userId }) => userId))).toEqual(new Set([scene.seller.id]));
    strangers.leave();
    sellers.leave();
  });

  it('is for the gateway alone', async () => {
    const refusal = new Promise((resolve) => scene.service.client(OrderService, 'bidding').watchUserOrders(new Subject()).subscribe({ error: resolve }));
    expect(await refusal).toMatchObject({ code: 'rpc.service_not_allowed' });
  });
});
