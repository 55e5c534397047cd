import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';

export interface Received {
  readonly path: string;
  readonly body: string;
  readonly signature: string;
}

/** The official SDK, pointed at the sandbox. */
export function stripeAt(port: number, config: { timeout?: number; maxNetworkRetries?: number } = {}): Stripe {
  return new Stripe('sk_test_local', { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 0, telemetry: false, ...config });
}

/** A place that webhooks can be sent to. `refusing` makes it answer 500. */
export async function startReceiver(port = 0) {
  const received: Received[] = [];
  let isRefusing = false;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const signature = request.headers['stripe-signature'] ?? request.headers['carrier-signature'];
      received.push({ path: request.url ?? '', body: Buffer.concat(chunks).toString('utf8'), signature: String(signature) });
      response.writeHead(isRefusing ? 500 : 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    received,
    refuse: (isOn: boolean) => void (isRefusing = isOn),
    types: () => received.map(({ body }) => (JSON.parse(body) as { type: string }).type),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

const PATIENCE_MS = 45_000;

/** Asks again and again, and fails with what it saw last. */
export async function eventually<T>(look: () => T | Promise<T>, isRight: (value: T) => boolean): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = await look();
    if (isRight(value)) return value;
    if (performance.now() > end) throw new Error(`still not so: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function call<T = Record<string, unknown>>(method: string, url: string, body?: unknown, headers: Record<string, string> = {}): Promise<{ status: number; body: T }> {
  const answer = await fetch(url, { method, headers: { 'content-type': 'application/json', ...headers }, ...(body !== undefined && { body: JSON.stringify(body) }) });
  return { status: answer.status, body: (await answer.json()) as T };
}

/** What the buyer's browser does: a form with the publishable key and the client secret. */
export async function asBrowser(url: string, clientSecret: string, fields: Record<string, string> = {}): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams({ key: 'pk_test_local', client_secret: clientSecret, ...fields }) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

export function quiet(url: string): Promise<number> {
  return eventually(async () => (await call<{ pending: number }>('GET', `${url}/control/activity`)).body.pending, (pending) => pending === 0);
}

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export async function advance(url: string, ms: number): Promise<void> {
  await call('POST', `${url}/clock/advance`, { ms });
}

/** A buyer with a card, as after a set-up. */
export async function buyerWith(stripe: Stripe, card: string): Promise<{ customer: string; card: string }> {
  const customer = await stripe.customers.create({ email: 'ann@example.test' });
  const method = await stripe.paymentMethods.attach(card, { customer: customer.id });
  return { customer: customer.id, card: method.id };
}

export function charge(stripe: Stripe, buyer: { customer: string; card: string }, amount = 48_745, group = 'ord_1') {
  return stripe.paymentIntents.create({
    amount, currency: 'usd', customer: buyer.customer, payment_method: buyer.card, capture_method: 'automatic', transfer_group: group, confirm: true, off_session: true,
    metadata: { order_id: group }, expand: ['latest_charge.balance_transaction'],
  });
}

export function seller(stripe: Stripe, bank = 'btok_us_verified') {
  return stripe.accounts.create({ type: 'custom', country: 'US', email: 'sam@example.test', capabilities: { transfers: { requested: true } }, external_account: bank });
}
