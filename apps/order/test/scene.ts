import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createHmac, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { type Order, OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import { ProductService } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { type IdPrefix, typeId, uuidOfOwn } from '@libs/kernel/ids';
import type { CallUser, Role } from '@libs/rpc/call-context';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { until } from '@libs/testing/exchange-process';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { TestClock } from '@libs/testing/test-clock';
import { OrderModule } from '../src/order.module';

export const newId = (prefix: IdPrefix) => typeId(prefix, randomUUID());
export const user = (...roles: Role[]): CallUser => ({ id: newId('usr'), sessionId: newId('ses'), roles: ['buyer', 'seller', ...roles] });

const at = (date: Date) => ({ seconds: BigInt(Math.floor(date.getTime() / 1_000)), nanos: 0 });
const usd = (minor: number) => ({ currency: 'USD', minor: BigInt(minor) });

/** What the neighbours were asked, in order: `service.rpc` and the order or match. */
type Answer = () => object | Promise<object>;

const paid = (state: string) => ({
  payment: {
    state,
    buyerLines: [{ kind: 'price', amount: usd(45_000) }, { kind: 'buyer_fee', amount: usd(2_250) }, { kind: 'shipping', amount: usd(1_495) }, { kind: 'total', amount: usd(48_745) }],
    sellerLines: [{ kind: 'price', amount: usd(45_000) }, { kind: 'seller_fee', amount: usd(-4_050) }, { kind: 'payment_processing', amount: usd(-1_350) }, { kind: 'payout', amount: usd(39_600) }],
  },
});
export const payment = { captured: () => paid('captured'), processing: () => paid('processing'), actionRequired: () => paid('action_required'), failed: () => paid('failed'), cancelled: () => paid('cancelled'), refunding: () => paid('refunding'), refunded: () => paid('refunded') };

const usual: Readonly<Record<string, Answer>> = {
  reserveStock: () => ({}),
  releaseStock: () => ({}),
  processPayment: payment.captured,
  cancelPayment: payment.cancelled,
  refundPayment: payment.refunded,
  createPayout: () => ({ payout: { state: 'transferring' } }),
  bustMatch: () => ({ busted: true }),
  recordStrike: () => ({ strikes: 1 }),
  getAddressVersion: () => ({ address: { name: 'Sam', street: '1 Main St', city: 'Portland', region: 'OR', postalCode: '97201', country: 'US' } }),
};

/** The order service among neighbours that answer as a test tells them, and that remember what they were asked. */
export class Scene {
  readonly asked: { readonly rpc: string; readonly request: Readonly<Record<string, unknown>> }[] = [];
  readonly clock = new TestClock();
  readonly buyer = user();
  readonly seller = user();
  readonly stranger = user();
  readonly admin = user('admin');
  readonly authenticator = user('authenticator');
  readonly carrier = new FakeCarrier();
  service!: TestService; // Set by `open`, the only way to make a scene.
  private answers = new Map<string, Answer>();
  private readonly folder = temporaryFolder('order');

  static async open(env: Readonly<Record<string, string>> = {}): Promise<Scene> {
    const scene = new Scene();
    // Each is answered by name; what is answered wrongly fails the test that wanted it.
    const fake = (...rpcs: string[]) => Object.fromEntries(rpcs.map((rpc) => [rpc, async (request: Record<string, unknown>) => scene.answer(rpc, request)])) as never;
    await scene.carrier.listen();
    const starting = startTestService(OrderModule, {
      clock: scene.clock,
      env: { CARRIER_URL: scene.carrier.url, DATA_DIR: scene.folder, ...env },
      fakes: [
        [ProductService, fake('reserveStock', 'releaseStock')],
        [PaymentService, fake('processPayment', 'cancelPayment', 'refundPayment', 'createPayout')],
        [BiddingService, fake('bustMatch')],
        [UserService, fake('recordStrike', 'getAddressVersion')],
      ],
    });
    starting.catch(() => scene.carrier.close());
    scene.service = await starting;
    return scene;
  }

  async close(): Promise<void> {
    await this.service.stop();
    await this.carrier.close();
    rmSync(this.folder, { recursive: true });
  }

  /** From now on `rpc` answers so; without an answer, as usual. */
  when(rpc: string, answer?: Answer): void {
    if (answer) this.answers.set(rpc, answer);
    else this.answers.delete(rpc);
  }

  as(caller: CallUser) {
    return this.service.client(OrderService, caller);
  }

  /** For what the service does at its own pace, and does not count as unsettled. */
  eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
    return until('what the test waits for', 30_000, condition);
  }

  countAsked(rpc: string, ids: Readonly<Record<string, string>>): number {
    return this.askedFor(rpc, ids).length;
  }

  askedFor(rpc: string, ids: Readonly<Record<string, string>>) {
    return this.asked.filter((call) => call.rpc === rpc && Object.entries(ids).every(([key, id]) => call.request[key] === id));
  }

  match() {
    return {
      matchId: newId('mtc'), marketId: newId('mkt'), productId: newId('prd'), size: '9', bidId: newId('bid'), askId: newId('ask'),
      buyerId: this.buyer.id, sellerId: this.seller.id, price: usd(45_000), marketSeq: 1n,
      matchedAt: at(this.clock.now()), bidAcceptedAt: at(this.clock.now()), askAcceptedAt: at(this.clock.now()),
      paymentMethodId: newId('pm'), buyerAddressVersionId: newId('adv'), sellerAddressVersionId: newId('adv'),
    };
  }

  /** A match comes in, and the saga goes as far as it can. */
  async opened(match = this.match()): Promise<{ id: string; match: ReturnType<Scene['match']> }> {
    await this.service.deliver('match.created', match.marketId, match);
    await this.service.settled();
    const rows = await this.service.sql.query<{ id: string }>('select id from orders where match_id = $1', [uuidOfOwn('mtc', match.matchId)]);
    return { id: typeId('ord', rows[0]?.id ?? ''), match };
  }

  async order(id: string): Promise<Order> {
    const { order } = await this.as(this.admin).getOrder({ orderId: id });
    if (!order) throw new Error(`no order ${id}`);
    return order;
  }

  /** What the saga still means to ask of this order. */
  async openSteps(id: string): Promise<string[]> {
    const rows = await this.service.sql.query<{ kind: string }>(`select kind from saga_steps where order_id = $1 and state not in ('done', 'void')`, [uuidOfOwn('ord', id)]);
    return rows.map(({ kind }) => kind);
  }

  async told(id: string) {
    const all = await this.service.published();
    return all.filter(({ key }) => key === id);
  }

  /** As the carrier tells it, signed; `reference` is what it knows the label's order by. */
  async carrierTells(tracking: string, kind: string, reference?: string): Promise<void> {
    const data = { tracking, kind, at: this.clock.now().toISOString(), reference };
    const body = Buffer.from(JSON.stringify({ id: randomUUID(), type: 'shipment.scanned', data }));
    const t = Math.floor(Date.now() / 1_000);
    const v1 = createHmac('sha256', 'whsec_test').update(`${t}.${body.toString()}`).digest('hex');
    await this.eventually(async () => {
      const answered = this.service.client(OrderService).handleCarrierWebhook({ body, signature: `t=${t},v1=${v1}` });
      return answered.then(() => true, () => false); // Until the endpoint is made.
    });
  }

  /** As the inspection floor tells it. */
  async atTheFloor(id: string): Promise<void> {
    await this.service.deliver('inspection.received', id, { orderId: id, taskId: newId('ins'), receivedAt: at(this.clock.now()) });
    await this.service.settled();
  }

  async inspected(id: string, verdict: 'pass' | 'fail', reasons: string[] = []): Promise<void> {
    await this.service.deliver('inspection.completed', id, { orderId: id, taskId: newId('ins'), verdict, reasons });
    await this.service.settled();
  }

  async report(id: string, event: string, by: CallUser, more: { tracking?: string; reason?: string; idempotencyKey?: string } = {}): Promise<void> {
    await this.as(by).updateOrderStatus({ orderId: id, event, ...more });
    await this.service.settled();
  }

  /** An order that has gone the usual way up to `status`. */
  async orderThatIs(status: 'confirmed' | 'seller_shipping' | 'authenticating' | 'auth_passed' | 'shipping_to_buyer' | 'delivered'): Promise<string> {
    const { id } = await this.opened();
    const way: [string, () => Promise<void>][] = [
      ['confirmed', async () => undefined],
      ['seller_shipping', () => this.report(id, 'seller_shipped', this.seller)],
      ['authenticating', () => this.atTheFloor(id)],
      ['auth_passed', () => this.inspected(id, 'pass')],
      ['shipping_to_buyer', () => this.report(id, 'buyer_shipped', this.authenticator)],
      ['delivered', () => this.report(id, 'buyer_received', this.buyer)],
    ];
    for (const [name, go] of way) {
      await go();
      if (name === status) break;
    }
    return id;
  }

  private answer(rpc: string, request: Record<string, unknown>): object | Promise<object> {
    this.asked.push({ rpc, request });
    const answer = this.answers.get(rpc) ?? usual[rpc];
    if (!answer) throw new Error(`nobody answers ${rpc}`);
    return answer();
  }
}

/** A carrier that gives labels, the same for the same key. */
export class FakeCarrier {
  readonly labels = new Map<string, { tracking: string; body: Record<string, unknown> }>();
  /** Requests to be refused before it works. */
  failures = 0;
  /** Gives no labels until it is up again. */
  isDown = false;
  /** The number of the next label. */
  nextTracking: string | undefined;
  private readonly server: Server = createServer((request, response) => void this.serve(request, response));

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`; // It listens on TCP.
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const isRefused = request.url === '/labels' && (this.isDown || this.failures-- > 0);
    response.writeHead(isRefused ? 500 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isRefused ? {} : this.reply(request, text)));
  }

  private reply(request: IncomingMessage, text: string): unknown {
    if (request.url?.startsWith('/shipments/')) return { scans: [] };
    if (request.url !== '/labels') return request.method === 'GET' ? { data: [] } : { id: 'we_1', secret: 'whsec_test' };
    const key = String(request.headers['idempotency-key']);
    const label = this.labels.get(key) ?? { tracking: this.nextTracking ?? `TRK${randomUUID()}`, body: JSON.parse(text) as Record<string, unknown> };
    this.nextTracking = undefined;
    this.labels.set(key, label);
    return { tracking: label.tracking, carrier: 'sandbox', labelUrl: `http://labels/${label.tracking}` };
  }
}
