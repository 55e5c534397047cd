import { randomUUID } from 'node:crypto';
import { AuthenticationService } from '@libs/contracts/gen/exchange/authentication/v1/authentication_pb';
import { typeId } from '@libs/kernel/ids';
import type { CallUser, Role } from '@libs/rpc/call-context';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { AuthenticationModule } from '../src/authentication.module';

const user = (role: Role): CallUser => ({ id: typeId('usr', randomUUID()), sessionId: typeId('ses', randomUUID()), roles: [role] });

let service: TestService;
beforeAll(async () => {
  service = await startTestService(AuthenticationModule);
}, 60_000);
afterAll(() => service.stop());

it('stray parcels are listed newest first, as all that needs a person is, page after page, each once', async () => {
  const floor = service.client(AuthenticationService, user('authenticator'));
  const office = service.client(AuthenticationService, user('admin'));
  const newestFirst: string[] = [];
  for (const tracking of ['FIRST', 'SECOND', 'THIRD', 'FOURTH', 'FIFTH']) newestFirst.unshift((await floor.recordIntake({ tracking })).stray?.id ?? tracking);
  const seen: string[] = [];
  let cursor = '';
  do {
    const { parcels, nextCursor } = await office.getStrayParcels({ limit: 2, cursor });
    seen.push(...parcels.map(({ id }) => id));
    cursor = nextCursor;
  } while (cursor !== '');
  expect(seen).toEqual(newestFirst);
});
