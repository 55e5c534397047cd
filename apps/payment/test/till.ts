import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { UuidIds } from '@libs/chassis/uuid-ids';
import { SystemWallClock } from '@libs/chassis/clocks';
import { PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import type { IdPrefix } from '@libs/kernel/ids';
import { moneyToMessage } from '@libs/kernel/money';
import type { CallUser } from '@libs/rpc/call-context';
import { keyIn } from '@libs/secrets/secrets-file';
import { until } from '@libs/testing/exchange-process';
import { startSandbox, type SandboxProcess } from '@libs/testing/sandbox-process';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { msOf, TestClock, type Duration } from '@libs/testing/test-clock';
import { PaymentModule } from '../src/payment.module';

const SETTLED_MS_MAX = 45_000;
/** Each call that is to hang takes so long; one that is not must never, however busy the machine is. */
const STRIPE_TIMEOUT_MS = '3000';
const ids = new UuidIds(new SystemWallClock());
export const idOf = (prefix: IdPrefix): string => ids.next(prefix);
export const admin: CallUser = { id: idOf('usr'), sessionId: idOf('ses'), roles: ['admin'] };

interface Door {
  readonly server: Server;
  readonly url: string;
  readonly statuses: number[];
  service: TestService | undefined;
  /** Swallows what comes in, as a broken network would. */
  isShut: boolean;
  /** Every message that came in, for those who want to send one again. */
  readonly messages: { endpoint: string; body: Buffer; signature: string }[];
}

export interface Order {
  readonly orderId: string;
  readonly buyer: CallUser;
  readonly seller: CallUser;
  readonly cardId: string;
  readonly priceMinor: number;
}

/** The payment service between the real sandbox and callers of its RPCs; its webhooks come in by a door such as the gateway's. */
export class Till {
  private constructor(
    readonly sandbox: SandboxProcess,
    readonly service: TestService,
    readonly door: Door,
    private readonly dataDir: string,
  ) {}

  static async open(env: Readonly<Record<string, string>> = {}): Promise<Till> {
    const sandbox = await startSandbox();
    const door = await openDoor();
    const dataDir = temporaryFolder('payment');
    const { now } = (await (await fetch(`${sandbox.url}/clock`)).json()) as { now: string | number };
    const settings = { SANDBOX_URL: sandbox.url, PUBLIC_URL: door.url, DATA_DIR: dataDir, STRIPE_TIMEOUT_MS, ...env };
    const service = await startTestService(PaymentModule, { env: settings, clock: new TestClock(new Date(now)) }).catch(async (error: unknown) => {
      door.server.close();
      await sandbox.stop();
      throw error;
    });
    door.service = service;
    const till = new Till(sandbox, service, door, dataDir);
    await until('the webhook endpoints are made', 30_000, async () => (await service.sql.query('select 1 from webhook_endpoints')).length === 2);
    return till;
  }

  /** Of the service: what it seals opens with it. */
  get secretsKey(): Buffer {
    return keyIn(join(this.dataDir, 'secrets', 'payment.key'));
  }

  as(caller: CallUser | 'order' | 'bidding' | 'gateway') {
    return this.service.client(PaymentService, caller);
  }

  user(...roles: CallUser['roles']): CallUser {
    return { id: idOf('usr'), sessionId: idOf('ses'), roles: roles.length > 0 ? roles : ['buyer', 'seller'] };
  }

  /** As the buyer's own client does it: the card goes to the provider, never to us. */
  async addCard(user: CallUser, card: string): Promise<string> {
    const known = (await this.as(user).getPaymentMethods({})).methods.map(({ id }) => id);
    const { setupIntentId, clientSecret } = await this.as(user).createSetupIntent({});
    await this.stripe(`setup_intents/${setupIntentId}/confirm`, { client_secret: clientSecret, payment_method: card });
    const added: string[] = [];
    await until(`the card ${card} is there`, SETTLED_MS_MAX, async () => {
      const { methods } = await this.as(user).getPaymentMethods({});
      return added.push(...methods.map(({ id }) => id).filter((id) => !known.includes(id))) > 0;
    });
    return added[0] ?? '';
  }

  async order(card: string, options: { bank?: string; priceMinor?: number } = {}): Promise<Order> {
    const buyer = this.user();
    const seller = this.user();
    const cardId = await this.addCard(buyer, card);
    await this.as(seller).createPayoutAccount({ bankToken: options.bank ?? 'btok_us_verified', country: 'US' });
    return { orderId: idOf('ord'), buyer, seller, cardId, priceMinor: options.priceMinor ?? 45_000 };
  }

  async charge({ orderId, buyer, seller, cardId, priceMinor }: Order) {
    const at = timestampFromDate(this.service.clock.now());
    const price = moneyToMessage({ currency: 'USD', minor: priceMinor });
    const { payment } = await this.as('order').processPayment({ orderId, buyerId: buyer.id, sellerId: seller.id, price, paymentMethodId: cardId, bidAcceptedAt: at, askAcceptedAt: at });
    return payment;
  }

  async charged(card: string, options: { bank?: string; priceMinor?: number } = {}): Promise<Order> {
    const order = await this.order(card, options);
    await this.charge(order);
    await this.settled();
    return order;
  }

  async payment(orderId: string) {
    const { payment } = await this.as('order').getPayment({ orderId });
    if (!payment) throw new Error('no payment');
    return payment;
  }

  async payout(seller: CallUser, orderId: string) {
    const { payouts } = await this.as(seller).getPayouts({});
    return payouts.find((payout) => payout.orderId === orderId);
  }

  /** Account code to balance; those at zero left out. */
  async balances(): Promise<Record<string, number>> {
    const { accounts } = await this.as(admin).getTrialBalance({});
    return Object.fromEntries(accounts.filter(({ balanceMinor }) => balanceMinor !== 0n).map(({ code, balanceMinor }) => [code, Number(balanceMinor)]));
  }

  async tasks() {
    return (await this.as(admin).getManualTasks({})).tasks;
  }

  async events(orderId: string): Promise<string[]> {
    const published = await this.service.published();
    return published.filter(({ event }) => 'orderId' in event && event.orderId === orderId).map(({ name }) => name);
  }

  /** Moves both clocks, to the next due instant and to the next, and lets everything settle at each. */
  async passes(time: Duration, stepMs = 3_600_000): Promise<void> {
    for (let left = msOf(time); left > 0; left -= stepMs) {
      const ms = Math.min(left, stepMs);
      await this.leaps(ms);
      await this.settled();
    }
  }

  /** Moves both clocks at once, whatever is still under way. */
  async leaps(ms: number): Promise<void> {
    await this.post('/clock/advance', { ms });
    this.service.clock.passes({ seconds: ms / 1_000 });
  }

  async settled(): Promise<void> {
    let quiet = 0;
    await until('the till has settled', SETTLED_MS_MAX, async () => {
      const { pending } = (await (await fetch(`${this.sandbox.url}/control/activity`)).json()) as { pending: number };
      if (pending > 0 && !this.door.isShut) quiet = 0;
      else {
        await this.service.settled();
        quiet += 1;
      }
      return quiet >= 2;
    });
  }

  eventually(condition: () => Promise<boolean>): Promise<void> {
    return until('it is so', SETTLED_MS_MAX, condition);
  }

  async fault(path: string, mode: string, times = 1, more: Record<string, unknown> = {}): Promise<void> {
    await this.post('/control/faults', { path, mode, times, ...more });
  }

  async requests(method: string, path: RegExp): Promise<{ idempotencyKey: string | null }[]> {
    // The control answers in this shape.
    const { requests: rows } = (await (await fetch(`${this.sandbox.url}/control/requests`)).json()) as { requests: { method: string; path: string; idempotencyKey: string | null }[] };
    return rows.filter((row) => row.method === method && path.test(row.path));
  }

  /** The provider's API as the platform sees it. */
  async stripe(path: string, form?: Record<string, string>): Promise<Record<string, unknown>> {
    const headers = { authorization: 'Bearer sk_test_sandbox', 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await fetch(`${this.sandbox.url}/v1/${path}`, form ? { method: 'POST', headers, body: new URLSearchParams(form).toString() } : { headers });
    return (await answer.json()) as Record<string, unknown>;
  }

  async list(path: string): Promise<Record<string, unknown>[]> {
    return (await this.stripe(path))['data'] as Record<string, unknown>[];
  }

  /** What the service has logged as a warning or worse; a normal run has none. */
  complaints(): string[] {
    return this.service.logs.filter((line) => /"level":"(warn|error)"/.test(line));
  }

  async close(): Promise<void> {
    await this.service.stop();
    await new Promise((resolve) => this.door.server.close(resolve));
    await this.sandbox.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  private async post(path: string, body: unknown): Promise<void> {
    const answer = await fetch(`${this.sandbox.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  }
}

async function openDoor(): Promise<Door> {
  const door: { -readonly [K in keyof Door]: Door[K] } = { server: createServer(), url: '', statuses: [], service: undefined, isShut: false, messages: [] };
  door.server.on('request', (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const endpoint = request.url?.endsWith('/connect') ? 'connect' : 'platform';
      const message = { endpoint, body: Buffer.concat(chunks), signature: String(request.headers['stripe-signature']) };
      const handled = door.isShut || !door.service ? Promise.reject(new Error('shut')) : door.service.client(PaymentService, 'gateway').handleWebhook(message);
      handled.then(
        () => {
          door.messages.push(message);
          response.writeHead(200).end();
        },
        () => response.writeHead(503).end(),
      );
    });
  });
  await new Promise<void>((resolve) => door.server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has such an address.
  door.url = `http://127.0.0.1:${(door.server.address() as AddressInfo).port}`;
  return door;
}
