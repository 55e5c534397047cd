import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { AppError } from '@libs/kernel/app-error';
import { accessToken, idOf } from './session-keys';
import { ask, type RunningGateway, startGateway } from './start-gateway';

/** What an operator sees at the door: one list of what needs a person, whoever keeps which part of it. */

const at = (minute: number) => timestampFromDate(new Date(Date.UTC(2026, 10, 20, 12, minute)));
const admin = accessToken({ n: 1, roles: ['admin'] });
const unavailable = () => new AppError('unavailable', 'rpc.unavailable', 'Away.');
const before = <T extends { id: string }>(all: readonly T[], { limit, cursor }: { limit: number; cursor: string }) => all.filter(({ id }) => cursor === '' || id < cursor).slice(0, limit);

const task = (prefix: string, minute: number, kind: string) => ({ id: `${prefix}_${String(minute).padStart(2, '0')}`, kind, orderId: idOf('ord', 1), detail: 'It is stuck.', advice: 'Look.', openedAt: at(minute) });
const orderTasks = [task('tsk', 9, 'stuck_saga'), task('tsk', 3, 'overdue')];
const paymentTasks = [task('tsk', 8, 'unmatched_line'), task('tsk', 1, 'unknown_operation')];
const parcels = [{ id: 'par_05', tracking: 'PW1', orderId: '', note: '', receivedAt: at(5) }];
const letters = [7, 6, 2].map((minute) => ({ id: `order~payments~ord_${minute}~1`, service: 'order', topic: 'payments', key: `ord_${minute}`, kseq: 1n, type: 'payment.captured', error: 'TypeError: x', attempts: 5, firstAt: at(minute), lastAt: at(minute), waitingBehind: 2, traceId: '' }));

let gateway: RunningGateway;
let isPaymentAway = false;
const decided: unknown[] = [];

beforeAll(async () => {
  gateway = await startGateway({
    order: { getManualTasks: async (page) => ({ tasks: before(orderTasks, page) }) },
    payment: {
      getManualTasks: async (page) => {
        if (isPaymentAway) throw unavailable();
        return { tasks: before(paymentTasks, page) };
      },
    },
    authentication: { getStrayParcels: async (page) => ({ parcels: before(parcels, page) }) },
    operations: (service) => ({
      getDeadLetters: async ({ limit, cursor }) => ({ deadLetters: letters.filter(({ firstAt }) => service === 'order' && (cursor === '' || Number(firstAt.seconds) * 1000 < Number(cursor.split('~')[0]))).slice(0, limit) }),
      getDeadLetter: async ({ id }) => ({ deadLetter: { ...letters.find((one) => one.id === id), payloadJson: '{"orderId":"ord_7"}' } }),
      retryDeadLetter: async ({ id, reason }) => {
        decided.push([service, 'retry', id, reason]);
        return {};
      },
      discardDeadLetter: async ({ id, reason }) => {
        decided.push([service, 'discard', id, reason]);
        return {};
      },
    }),
  });
});
afterAll(() => gateway.stop());

type Page = { data: { id: string; source: string; resume: { path: string } }[]; page: { nextCursor?: string; hasMore: boolean }; missing: string[] };
const get = async (path: string) => (await ask(gateway.url, 'GET', path, { token: admin })).body as unknown as Page;

it('what needs a person is one list, newest first, page after page, each thing once', async () => {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const { data, page } = await get(`/v1/admin/tasks?limit=3${cursor ? `&cursor=${cursor}` : ''}`);
    seen.push(...data.map(({ source, id }) => `${source} ${id}`));
    cursor = page.nextCursor;
  } while (cursor);
  expect(seen).toEqual([
    'orders tsk_09', 'payments tsk_08', 'dead_letters order~payments~ord_7~1', 'dead_letters order~payments~ord_6~1', 'parcels par_05', 'orders tsk_03', 'dead_letters order~payments~ord_2~1', 'payments tsk_01',
  ]);
});

it('a cursor that is not ours is named as what it is, a part of the query', async () => {
  const { status, body } = await ask(gateway.url, 'GET', '/v1/admin/tasks?cursor=nonsense', { token: admin });
  expect([status, body.errors]).toEqual([400, [{ pointer: '/query/cursor', detail: 'This is not a cursor of ours.' }]]);
});

it('each tells the call that lets it go on', async () => {
  const { data } = await get('/v1/admin/tasks');
  expect(data.slice(0, 3).map(({ resume }) => resume.path)).toEqual(['/v1/admin/tasks/orders/tsk_09/resume', '/v1/admin/tasks/payments/tsk_08/resume', '/v1/admin/dead-letters/order~payments~ord_7~1/retry']);
});

it('who does not answer is named, and the rest is shown', async () => {
  isPaymentAway = true;
  const { data, missing } = await get('/v1/admin/tasks');
  isPaymentAway = false;
  expect(missing).toEqual(['payments']);
  expect(data.map(({ source }) => source)).not.toContain('payments');
  expect(data.length).toBe(6);
});

it('a dead letter is shown with its event, retried and discarded where it lies', async () => {
  const id = 'order~payments~ord_7~1';
  const { body } = await ask(gateway.url, 'GET', `/v1/admin/dead-letters/${id}`, { token: admin });
  expect(body).toMatchObject({ id, service: 'order', sequence: 1, payload: { orderId: 'ord_7' } });
  for (const decision of ['retry', 'discard']) {
    const { status } = await ask(gateway.url, 'POST', `/v1/admin/dead-letters/${id}/${decision}`, { token: admin, body: { reason: 'mended' } });
    expect(status).toBe(204);
  }
  expect(decided).toEqual([['order', 'retry', id, 'mended'], ['order', 'discard', id, 'mended']]);
});

it.each(['payment~payments~x', 'gateway~users~usr_1~1', '..%2F..~a~b~1'])('an id of another form never reaches a service: %s', async (id) => {
  const { status, body } = await ask(gateway.url, 'GET', `/v1/admin/dead-letters/${id}`, { token: admin });
  expect([status, body.code]).toEqual([404, 'gateway.not_found']);
});

it('a cursor that is none of ours is refused as one', async () => {
  const { status, body } = await ask(gateway.url, 'GET', '/v1/admin/tasks?cursor=bm9uc2Vuc2U', { token: admin });
  expect([status, body.code]).toEqual([400, 'gateway.invalid_input']);
});
