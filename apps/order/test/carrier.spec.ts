import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { type SandboxProcess, startSandbox } from '@libs/testing/sandbox-process';
import { Scene } from './scene';

interface Hook {
  readonly body: Buffer;
  readonly signature: string;
}

/** The gateway's part: takes webhooks in and hands them on as they came. */
class Door {
  readonly hooks: Hook[] = [];
  handOn: (hook: Hook) => Promise<unknown> = () => Promise.reject(new Error('not open yet'));
  private readonly server: Server = createServer((request, response) => {
    void this.take(request).then(
      () => response.writeHead(200).end(),
      () => response.writeHead(503).end(),
    );
  });

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`; // It listens on TCP.
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array)); // Of a request without an encoding.
    const hook = { body: Buffer.concat(chunks), signature: String(request.headers['carrier-signature']) };
    this.hooks.push(hook);
    await this.handOn(hook);
  }
}

describe('with the carrier of the sandbox', () => {
  const door = new Door();
  let sandbox: SandboxProcess;
  let scene: Scene;

  beforeAll(async () => {
    sandbox = await startSandbox();
    const publicUrl = await door.open();
    scene = await Scene.open({ CARRIER_URL: `${sandbox.url}/carrier/v1`, PUBLIC_URL: publicUrl });
    door.handOn = ({ body, signature }) => scene.service.client(OrderService).handleCarrierWebhook({ body, signature });
    await scene.eventually(async () => (await endpoints()).length === 1);
  }, 90_000);
  afterAll(async () => {
    await scene.close();
    await door.close();
    await sandbox.stop();
  });

  const ask = async (path: string, body?: object) => {
    const init = body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${sandbox.url}${path}`, init);
    expect([path, response.ok]).toEqual([path, true]);
    return response.json() as Promise<{ data: { id: string; url: string }[]; pending: number }>; // What these tests read of it.
  };
  const endpoints = async () => (await ask('/carrier/v1/webhook_endpoints')).data;
  const scan = (tracking: string, kind: string) => ask(`/carrier/v1/shipments/${tracking}/scans`, { kind });
  const is = (id: string, status: string) => scene.eventually(async () => (await scene.order(id)).status === status);
  const label = async (id: string) => (await scene.as(scene.seller).getLabel({ orderId: id })).tracking;

  it('a seller gets a label, and the carrier\'s first scan ships the order', async () => {
    const id = await scene.orderThatIs('confirmed');
    const tracking = await label(id);
    expect((await scene.told(id)).find(({ name }) => name === 'order.label_ready')?.event).toMatchObject({ leg: 'inbound', tracking });
    await scan(tracking, 'accepted');
    await is(id, 'seller_shipping');
    const { events } = await scene.as(scene.seller).getOrderEvents({ orderId: id });
    expect(events.at(-1)).toMatchObject({ event: 'seller_shipped', actor: 'carrier' });
    expect((await scene.told(id)).at(-1)).toMatchObject({ name: 'order.shipped', event: { leg: 'inbound', tracking } });
  });

  it('a buyer\'s parcel ships and delivers the order by its scans, and the seller is paid', async () => {
    const id = await scene.orderThatIs('auth_passed');
    const { outboundTracking } = await scene.order(id);
    await scan(outboundTracking, 'accepted');
    await is(id, 'shipping_to_buyer');
    await scan(outboundTracking, 'delivered');
    await is(id, 'delivered');
    await scene.service.settled();
    expect(scene.countAsked('createPayout', { orderId: id })).toBe(1);
  });

  it('webhooks that come twice, late and out of order change nothing more', async () => {
    await ask('/control/faults', { path: '/carrier/v1/shipments', mode: 'duplicate_webhooks', times: 1 });
    const id = await scene.orderThatIs('auth_passed');
    const { outboundTracking } = await scene.order(id);
    await scan(outboundTracking, 'delivered');
    await is(id, 'delivered');
    await scene.eventually(async () => (await ask('/control/activity')).pending === 0);
    const before = await scene.order(id);
    for (const hook of [...door.hooks].reverse()) await door.handOn(hook);
    await scene.service.settled();
    expect((await scene.order(id)).version).toBe(before.version);
    expect((await scene.told(id)).filter(({ name }) => name === 'order.delivered')).toHaveLength(1);
    const { events } = await scene.as(scene.buyer).getOrderEvents({ orderId: id });
    expect(events.slice(-2).map(({ event }) => event)).toEqual(['buyer_shipped', 'buyer_received']);
  });

  it('a label whose answer was lost is not bought twice', async () => {
    await ask('/control/faults', { path: '/carrier/v1/labels', method: 'POST', mode: 'error_500_after_apply', times: 1 });
    const id = await scene.orderThatIs('confirmed');
    const tracking = await label(id);
    const shipments = (await ask('/carrier/v1/shipments')).data as unknown as { reference: string; tracking: string }[]; // The carrier's list has more in it than endpoints have.
    expect(shipments.filter(({ reference }) => reference === id).map((shipment) => shipment.tracking)).toContain(tracking);
    expect(shipments.filter(({ reference }) => reference === id)).toHaveLength(1);
  });

  it('a forged or tampered webhook is refused', async () => {
    const hook = door.hooks.at(-1);
    if (!hook) throw new Error('no webhook came');
    const tampered = Buffer.from(hook.body.toString().replace('delivered', 'lost'));
    await expect(door.handOn({ body: tampered, signature: hook.signature })).rejects.toMatchObject({ kind: 'invalid', code: 'order.webhook_signature' });
    await expect(door.handOn({ body: hook.body, signature: '' })).rejects.toMatchObject({ code: 'order.webhook_signature' });
  });

  it('a lost parcel is an admin\'s to declare lost: the seller is paid, the platform refunds the buyer', async () => {
    const id = await scene.orderThatIs('shipping_to_buyer');
    await scan((await scene.order(id)).outboundTracking, 'lost');
    const taskOf = async () => (await scene.as(scene.admin).getManualTasks({})).tasks.find(({ orderId }) => orderId === id);
    await scene.eventually(async () => (await taskOf()) !== undefined);
    expect((await scene.order(id)).status).toBe('shipping_to_buyer');
    await scene.as(scene.admin).resumeManualTask({ taskId: (await taskOf())?.id ?? '', reason: 'Claim 4711.' });
    await scene.service.settled();
    expect(await scene.order(id)).toMatchObject({ status: 'cancelled', cancelReason: 'lost_outbound' });
    expect(scene.countAsked('createPayout', { orderId: id })).toBe(1);
    expect(await taskOf()).toBeUndefined();
  });

  it('webhooks that never came are made good by asking', async () => {
    const id = await scene.orderThatIs('confirmed');
    const handOn = door.handOn;
    door.handOn = () => Promise.reject(new Error('the line is dead'));
    await scan(await label(id), 'accepted');
    await scene.service.sql.query(`update shipments set checked_at = now() - interval '1 hour'`);
    await scene.service.restart();
    await is(id, 'seller_shipping');
    door.handOn = handOn;
    await scene.eventually(async () => (await ask('/control/activity')).pending === 0);
  });

  it('the endpoint stays the same over a restart, and is made anew when its secret is lost', async () => {
    const [first] = await endpoints();
    await scene.service.restart();
    const id = await scene.orderThatIs('confirmed');
    await scan(await label(id), 'accepted');
    await is(id, 'seller_shipping');
    expect((await endpoints()).map((endpoint) => endpoint.id)).toEqual([first?.id]);

    await scene.service.sql.query(`update carrier_endpoints set sealed_secret = 'bm90aGluZyB0aGF0IHdhcyBzZWFsZWQgYnkgdXM='`);
    await scene.service.restart();
    await scene.eventually(async () => (await endpoints())[0]?.id !== first?.id);
    expect(await endpoints()).toHaveLength(1);
    const other = await scene.orderThatIs('confirmed');
    await scan(await label(other), 'accepted');
    await is(other, 'seller_shipping');
  });
});
