import { randomUUID } from 'node:crypto';
import { AuthenticationService } from '@libs/contracts/gen/exchange/authentication/v1/authentication_pb';
import { type IdPrefix, typeId } from '@libs/kernel/ids';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { AuthenticationModule } from '../src/authentication.module';

const newId = (prefix: IdPrefix) => typeId(prefix, randomUUID());

jest.setTimeout(30_000);

describe('a number that a seller typed and that is another order\'s label', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService(AuthenticationModule);
  }, 60_000);
  afterAll(() => service.stop());

  const paid = async () => {
    const orderId = newId('ord');
    await service.deliver('order.created', orderId, { orderId, productId: newId('prd'), size: '9', buyerId: newId('usr'), sellerId: newId('usr') });
    return orderId;
  };
  const typed = (orderId: string, tracking: string) => service.deliver('order.shipped', orderId, { orderId, leg: 'inbound', tracking });
  const labelled = (orderId: string, tracking: string) => service.deliver('order.label_ready', orderId, { orderId, leg: 'inbound', tracking });

  // The events of two orders come in any order.
  it.each([['before', [typed, labelled]], ['after', [labelled, typed]]] as const)('takes the label\'s pair in, though it was typed %s the label was known', async (_when, [first, second]) => {
    const [mistyped, rightful] = [await paid(), await paid()];
    const tracking = `TRK${randomUUID()}`;
    for (const told of [first, second]) await told(told === typed ? mistyped : rightful, tracking);
    await service.settled();
    const amy = service.client(AuthenticationService, { id: newId('usr'), sessionId: newId('ses'), roles: ['authenticator'] });
    expect((await amy.recordIntake({ tracking })).task?.orderId).toBe(rightful);
    // The other pair is still awaited, and is taken in by its order.
    expect((await amy.recordIntake({ orderId: mistyped })).task).toMatchObject({ orderId: mistyped, state: 'queued' });
  });
});
