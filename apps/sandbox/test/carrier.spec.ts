import { createHmac } from 'node:crypto';
import { startSandbox, type SandboxProcess } from '@libs/testing/sandbox-process';
import { HOUR, advance, call, eventually, quiet, startReceiver, type Receiver } from './world';

let sandbox: SandboxProcess;
let receiver: Receiver;

beforeEach(async () => {
  sandbox = await startSandbox();
  receiver = await startReceiver();
});
afterEach(async () => {
  await sandbox.stop();
  await receiver.stop();
});

interface Shipment {
  tracking: string;
  labelUrl: string;
  carrier: string;
  status: string;
  scans: { kind: string; at: string }[];
}
const carrier = () => `${sandbox.url}/carrier/v1`;
const wanted = { reference: 'ord_1', leg: 'inbound', from: { name: 'Sam', city: 'Austin' }, to: { name: 'Warehouse', city: 'Detroit' } };
const label = (key = 'k1', body: object = wanted) => call<Shipment>('POST', `${carrier()}/labels`, body, { 'idempotency-key': key });
const scan = (tracking: string, kind: string) => call<Shipment>('POST', `${carrier()}/shipments/${tracking}/scans`, { kind });
const shipment = async (tracking: string) => (await call<Shipment>('GET', `${carrier()}/shipments/${tracking}`)).body;

it('a label is made once per key', async () => {
  const first = await label();
  expect(first).toMatchObject({ status: 201, body: { carrier: 'Sandbox Express', status: 'label_created', scans: [] } });
  expect((await label()).body).toEqual(first.body);
  expect((await label('k2')).body.tracking).not.toBe(first.body.tracking);
  expect((await label('k1', { ...wanted, leg: 'outbound' })).status).toBe(422);
  expect(await (await fetch(first.body.labelUrl)).text()).toContain('Austin');
});

it('a label whose answer was lost is the same label at the next try', async () => {
  await call('POST', `${sandbox.url}/control/faults`, { path: '/carrier/v1/labels', mode: 'error_500_after_apply' });
  expect((await label()).status).toBe(500);
  const { tracking } = (await label()).body;
  const { body } = await call<{ data: Shipment[] }>('GET', `${carrier()}/shipments`);
  expect(body.data.map((one) => one.tracking)).toEqual([tracking]);
});

it('a parcel once accepted is in transit after 12 hours and delivered after 48, by the business clock', async () => {
  const { tracking } = (await label()).body;
  await advance(sandbox.url, 100 * HOUR);
  expect((await shipment(tracking)).status).toBe('label_created');
  const accepted = (await scan(tracking, 'accepted')).body;
  const start = Date.parse(accepted.scans[0]?.at ?? '');
  await advance(sandbox.url, 12 * HOUR);
  expect((await shipment(tracking)).status).toBe('in_transit');
  await advance(sandbox.url, 36 * HOUR);
  const { status, scans } = await shipment(tracking);
  expect(status).toBe('delivered');
  expect(scans.map(({ kind, at }) => [kind, (Date.parse(at) - start) / HOUR])).toEqual([['accepted', 0], ['in_transit', 12], ['delivered', 48]]);
});

it('one leap over both gives both scans at their own instants', async () => {
  const { tracking } = (await label()).body;
  const start = Date.parse((await scan(tracking, 'accepted')).body.scans[0]?.at ?? '');
  await advance(sandbox.url, 500 * HOUR);
  expect((await shipment(tracking)).scans.map(({ at }) => (Date.parse(at) - start) / HOUR)).toEqual([0, 12, 48]);
});

it('a lost parcel stays lost, and a parcel scanned by hand is not scanned twice', async () => {
  const [lost, early] = [(await label('k1')).body.tracking, (await label('k2')).body.tracking];
  await scan(lost, 'accepted');
  await scan(lost, 'lost');
  await scan(early, 'accepted');
  await scan(early, 'delivered');
  await advance(sandbox.url, 100 * HOUR);
  expect((await shipment(lost)).scans.map(({ kind }) => kind)).toEqual(['accepted', 'lost']);
  expect((await shipment(early)).scans.map(({ kind }) => kind)).toEqual(['accepted', 'delivered']);
  expect((await scan(early, 'lost')).status).toBe(409);
});

it('each scan is announced, signed, until the endpoint has it', async () => {
  const { id, secret } = (await call<{ id: string; secret: string }>('POST', `${carrier()}/webhook_endpoints`, { url: `${receiver.url}/carrier` })).body;
  expect((await call('GET', `${carrier()}/webhook_endpoints`)).body).toEqual({ data: [{ id, url: `${receiver.url}/carrier`, created: expect.any(Number) }] });
  receiver.refuse(true);
  const { tracking } = (await label()).body;
  await scan(tracking, 'accepted');
  await eventually(() => receiver.received.length, (count) => count >= 2);
  receiver.refuse(false);
  await quiet(sandbox.url);
  const { body, signature } = receiver.received[0] ?? { body: '', signature: '' };
  const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  expect(v1).toBe(createHmac('sha256', secret).update(`${t}.${body}`).digest('hex'));
  expect(JSON.parse(body)).toMatchObject({ type: 'shipment.scanned', data: { tracking, reference: 'ord_1', leg: 'inbound', kind: 'accepted', at: expect.any(String) } });
});

it('what is not a label is refused with the field named', async () => {
  const { status, body } = await label('k1', { ...wanted, reference: '' });
  expect([status, body]).toMatchObject([400, { error: { code: 'invalid_request', message: expect.stringContaining('reference') } }]);
  expect((await call('POST', `${carrier()}/shipments/SBX0/scans`, { kind: 'accepted' })).status).toBe(404);
  const raw = await fetch(`${carrier()}/labels`, { method: 'POST', body: '{' });
  expect(raw.status).toBe(400);
});
