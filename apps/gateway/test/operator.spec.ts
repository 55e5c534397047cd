import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { AppError } from '@libs/kernel/app-error';
import { accessToken, idOf } from './session-keys';
import { ask, type RunningGateway, startGateway } from './start-gateway';

/** What an operator sees at the door: one list of what needs a person, whoever keeps which part of it. */

const at = (minute: number) => timestampFromDate(new Date(Date.UTC(2026, 10, 20, 12, minute)));
const admin = accessToken({ n: 1, roles: ['admin'] });
const unavailable = () => new AppError('unavailable', 'rpc.unavailable', 'Away.');
/** Newest first, and no more than a page has anywhere. */
const pageOf = <T extends { id: string }>(all: readonly T[], { limit, cursor }: { limit: number; cursor: string }) => {
  const left = all.filter(({ id }) => cursor === '' || id < cursor);
  const shown = left.slice(0, Math.min(limit, 100));
  return { shown, nextCursor: left.length > shown.length ? (shown.at(-1)?.id ?? '') : '' };
};

const task = (prefix: string, minute: number, kind: string) => ({ id: `${prefix}_${String(minute).padStart(2, '0')}`, kind, orderId: idOf('ord', 1), detail: 'It is stuck.', advice: 'Look.', openedAt: at(minute) });
const parcel = (minute: number) => ({ id: `par_${String(minute).padStart(2, '0')}`, tracking: 'PW1', orderId: '', note: '', receivedAt: at(minute) });
const usual = {
  orders: [task('tsk', 9, 'stuck_saga'), task('tsk', 3, 'overdue')],
  payments: [task('tsk', 8, 'unmatched_line'), task('tsk', 1, 'unknown_operation')],
  parcels: [parcel(5)],
  letters: [7, 6, 2].map((minute) => ({ id: `order~payments~ord_${minute}~1`, service: 'order', topic: 'payments', key: `ord_${minute}`, kseq: 1n, type: 'payment.captured', error: 'TypeError: x', attempts: 5, firstAt: at(minute), lastAt: at(minute), waitingBehind: 2, traceId: '' })),
};
let lists: typeof usual = usual;

let gateway: RunningGateway;
let isPaymentAway = false;
const decided: unknown[] = [];

beforeAll(async () => {
  gateway = await startGateway({
    order: {
      getManualTasks: async (page) => {
        const { shown: tasks, nextCursor } = pageOf(lists.orders, page);
        return { tasks, nextCursor };
      },
    },
    payment: {
      getManualTasks: async (page) => {
        if (isPaymentAway) throw unavailable();
        const { shown: tasks, nextCursor } = pageOf(lists.payments, page);
        return { tasks, nextCursor };
      },
    },
    authentication: {
      getStrayParcels: async (page) => {
        const { shown, nextCursor } = pageOf(lists.parcels, page);
        return { parcels: shown, nextCursor };
      },
    },
    operations: (service) => ({
      getDeadLetters: async ({ limit, cursor }) => {
        const left = lists.letters.filter(({ firstAt }) => service === 'order' && (cursor === '' || Number(firstAt.seconds) * 1000 < Number(cursor.split('~')[0])));
        return { deadLetters: left.slice(0, limit), nextCursor: left.length > limit ? 'more' : '' };
      },
      getDeadLetter: async ({ id }) => ({ deadLetter: { ...lists.letters.find((one) => one.id === id), payloadJson: '{"orderId":"ord_7"}' } }),
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

it('the biggest page is not the end of a longer list', async () => {
  lists = { orders: [], payments: [], letters: [], parcels: Array.from({ length: 130 }, (_, i) => parcel(230 - i)) };
  const first = await get('/v1/admin/tasks?limit=100');
  const second = await get(`/v1/admin/tasks?limit=100&cursor=${first.page.nextCursor}`);
  lists = usual;
  expect([first, second].map(({ data, page }) => [data.length, page.hasMore])).toEqual([[100, true], [30, false]]);
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
