import { randomUUID } from 'node:crypto';
import { AuthenticationService } from '@libs/contracts/gen/exchange/authentication/v1/authentication_pb';
import { type IdPrefix, typeId } from '@libs/kernel/ids';
import type { CallUser } from '@libs/rpc/call-context';
import { startTestService } from '@libs/testing/start-test-service';
import { TestClock } from '@libs/testing/test-clock';
import { AuthenticationModule } from '../src/authentication.module';

const newId = (prefix: IdPrefix) => typeId(prefix, randomUUID());
const amy: CallUser = { id: newId('usr'), sessionId: newId('ses'), roles: ['authenticator'] };

jest.setTimeout(60_000);

describe('the verdict on a pair that arrives at noon on the Thursday before Christmas is due', () => {
  it.each([
    ['on Tuesday, since Friday is a holiday', {}, '2026-12-29T12:00:00.000Z'],
    ['on Wednesday, where the exchange is closed on Monday too', { HOLIDAYS: '12-25,2026-12-28' }, '2026-12-30T12:00:00.000Z'],
  ])('%s', async (_when, env, due) => {
    const service = await startTestService(AuthenticationModule, { env, clock: new TestClock(new Date('2026-12-24T12:00:00Z')) });
    try {
      const order = { orderId: newId('ord'), productId: newId('prd'), size: '9', buyerId: newId('usr'), sellerId: newId('usr') };
      await service.deliver('order.created', order.orderId, order);
      await service.settled();
      const { task } = await service.client(AuthenticationService, amy).recordIntake({ orderId: order.orderId });
      expect(new Date(Number(task?.dueAt?.seconds) * 1_000).toISOString()).toBe(due);
    } finally {
      await service.stop();
    }
  });
});
