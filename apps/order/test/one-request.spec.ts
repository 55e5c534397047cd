import { uuidOfOwn } from '@libs/kernel/ids';
import { newId, Scene, user } from './scene';

describe('a request about an order', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open();
  }, 60_000);
  afterAll(() => scene.close());

  it('that comes under one key for two orders at the same moment is carried out for one of them', async () => {
    for (let round = 0; round < 5; round++) {
      const orders = [await scene.orderThatIs('confirmed'), await scene.orderThatIs('confirmed')];
      const idempotencyKey = `both-${round}`;
      const answers = await Promise.allSettled(orders.map((orderId) => scene.as(scene.seller).cancelOrder({ orderId, reason: 'Lost.', idempotencyKey })));
      const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
      expect(refused).toMatchObject([{ kind: 'rejected', code: 'order.key_reused' }]);
      await scene.service.settled();
      const statuses = await Promise.all(orders.map(async (id) => (await scene.order(id)).status));
      expect(statuses.sort()).toEqual(['cancelled', 'confirmed']);
    }
  });

  it('to cancel what is cancelled already is refused under another key: nothing of it would be done', async () => {
    const orderId = await scene.orderThatIs('confirmed');
    await scene.as(scene.seller).cancelOrder({ orderId, reason: 'Lost.', idempotencyKey: `first-${orderId}` });
    const again = scene.as(scene.seller).cancelOrder({ orderId, reason: 'Lost.', doNotRelist: true, idempotencyKey: `second-${orderId}` });
    await expect(again).rejects.toMatchObject({ kind: 'conflict', code: 'order.illegal_transition' });
  });

  it('for a step that its table does not have is refused and stands in the log, with who asked and nothing that was written', async () => {
    const orderId = await scene.orderThatIs('seller_shipping');
    await expect(scene.as(scene.seller).cancelOrder({ orderId, reason: 'Call me at 555-0101.' })).rejects.toMatchObject({ kind: 'conflict', code: 'order.illegal_transition' });
    const lines = scene.service.logs.filter((line) => line.includes('does not have') && line.includes(orderId));
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ level: 'info', status: 'seller_shipping', event: 'seller_cancelled', actor: 'seller', user_id: expect.stringMatching(/^usr#/) }]);
    expect(lines.join()).not.toContain('555-0101');
  });

  it('by an admin who is a side of it is no admin\'s: nor by way of the task that it has become', async () => {
    const buying = user('admin');
    const { id } = await scene.opened({ ...scene.match(), buyerId: buying.id });
    await scene.report(id, 'seller_shipped', scene.seller);
    const taskId = newId('tsk');
    await scene.service.sql.query(`insert into manual_tasks (id, kind, order_id, subject, detail, advice, opened_at) values ($1, 'parcel_lost', $2, 'inbound', 'Lost.', 'Claim it.', now())`, [uuidOfOwn('tsk', taskId), uuidOfOwn('ord', id)]);
    const resume = { taskId, reason: 'It is lost.' };
    await expect(scene.as(buying).resumeManualTask(resume)).rejects.toMatchObject({ kind: 'forbidden', code: 'order.not_yours' });
    expect((await scene.order(id)).status).toBe('seller_shipping');
    await scene.as(scene.admin).resumeManualTask(resume);
    expect((await scene.order(id)).status).toBe('cancelled');
  });
});
