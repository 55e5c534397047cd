import { rmSync } from 'node:fs';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { UuidIds } from '@libs/chassis/uuid-ids';
import { SystemWallClock } from '@libs/chassis/clocks';
import { NotificationService } from '@libs/contracts/gen/exchange/notification/v1/notification_pb';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { AppError } from '@libs/kernel/app-error';
import { type IdPrefix, uuidOfOwn } from '@libs/kernel/ids';
import type { CallUser } from '@libs/rpc/call-context';
import { type SandboxProcess, startSandbox } from '@libs/testing/sandbox-process';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { NotificationModule } from '../src/notification.module';

const ids = new UuidIds(new SystemWallClock());
export const idOf = (prefix: IdPrefix): string => ids.next(prefix);

export interface Person extends CallUser {
  readonly email: string;
  readonly phone: string;
  readonly firstName: string;
}

/** As the sandbox keeps it. */
export interface OutboxMessage {
  readonly channel: 'email' | 'sms';
  readonly reference: string | null;
  readonly to: string;
  readonly subject: string | null;
  readonly html: string | null;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Pair {
  readonly marketId: string;
  readonly productId: string;
}

export interface Sale extends Pair {
  readonly orderId: string;
  readonly matchId: string;
  readonly buyer: Person;
  readonly seller: Person;
}

const SILENT_MS = 300;

export const dollars = (whole: number) => ({ currency: 'USD', minor: BigInt(whole * 100) });

/** The notification service between its events and the real SDKs, which speak to the sandbox. */
export class PostOffice {
  isUserDown = false;
  /** How often the user service was asked while it was down. */
  askedInVain = 0;
  private readonly people = new Map<string, Person>();
  private seqs = new Map<string, bigint>();

  private constructor(
    readonly sandbox: SandboxProcess,
    private readonly dataDir: string,
  ) {}

  service!: TestService;

  static async open(env: Readonly<Record<string, string>> = {}): Promise<PostOffice> {
    const office = new PostOffice(await startSandbox(), temporaryFolder('notification'));
    const settings = { SANDBOX_URL: office.sandbox.url, DATA_DIR: office.dataDir, PUBLIC_URL: 'https://pairwise.example', NOTIFICATION_UNKNOWN_MS: '1500', NOTIFICATION_BACKOFF_MS: '20', ...env };
    office.service = await startTestService(NotificationModule, { env: settings, fakes: [[UserService, { getContact: ({ userId }) => office.contact(userId) }]] });
    return office;
  }

  async close(): Promise<void> {
    await this.service.stop();
    await this.sandbox.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  person(firstName: string, phone = ''): Person {
    const id = idOf('usr');
    const person = { id, sessionId: idOf('ses'), roles: ['buyer', 'seller'] as const, email: `${firstName.toLowerCase()}.${id.slice(-10)}@example.com`, phone, firstName };
    this.people.set(id, person);
    return person;
  }

  as(caller: CallUser) {
    return this.service.client(NotificationService, caller);
  }

  async hears(...events: Parameters<TestService['deliver']>[]): Promise<void> {
    for (const [name, key, event] of events) await this.service.deliver(name, key, event);
    await this.service.settled();
  }

  async pair(): Promise<Pair> {
    const [productId, marketId] = [idOf('prd'), idOf('mkt')];
    await this.service.deliver('product.created', productId, this.product({ productId, marketId }));
    return { productId, marketId };
  }

  product({ productId, marketId }: Pair) {
    return { product: { id: productId, brand: 'Norrland', model: 'Aurora 1', colorway: 'Glacier', urlKey: 'norrland-aurora-1', markets: [{ id: marketId, productId, size: '9' }] } };
  }

  /** A match and its paid order, of which everybody has heard. */
  async sale(buyer = this.person('Bea'), seller = this.person('Sam')): Promise<Sale> {
    const sale = { ...(await this.pair()), orderId: idOf('ord'), matchId: idOf('mtc'), buyer, seller };
    await this.hears(this.match(sale), this.paid(sale));
    return sale;
  }

  match({ marketId, productId, matchId, buyer, seller }: Omit<Sale, 'orderId'>): Parameters<TestService['deliver']> {
    const event = { marketId, marketSeq: this.next(marketId), matchId, productId, bidId: idOf('bid'), askId: idOf('ask'), buyerId: buyer.id, sellerId: seller.id, price: dollars(450), size: '9' };
    return ['match.created', marketId, event];
  }

  paid({ orderId, matchId, marketId, productId, buyer, seller }: Sale): Parameters<TestService['deliver']> {
    return ['order.created', orderId, { orderId, matchId, marketId, productId, size: '9', buyerId: buyer.id, sellerId: seller.id, price: dollars(450) }];
  }

  bid(marketId: string, user: Person, price: number, more: { id?: string; days?: number; status?: string; reason?: string } = {}) {
    const { id = idOf('bid'), days = 30, status = 'active', reason = '' } = more;
    const now = this.service.clock.now();
    const marketSeq = this.next(marketId);
    const quote = { id, marketId, side: 'bid', price: dollars(price), status, reason, userId: user.id, priority: marketSeq, placedAt: timestampFromDate(now), expiresAt: timestampFromDate(new Date(now.getTime() + days * 86_400_000)) };
    return { marketId, marketSeq, quote };
  }

  async outbox(person?: Person | string): Promise<OutboxMessage[]> {
    const to = person === undefined ? undefined : typeof person === 'string' ? person : person.email;
    const answer = await fetch(`${this.sandbox.url}/control/outbox${to === undefined ? '' : `?to=${encodeURIComponent(to)}`}`);
    return ((await answer.json()) as { messages: OutboxMessage[] }).messages;
  }

  async subjects(person: Person | string): Promise<(string | null)[]> {
    return (await this.outbox(person)).map(({ subject, text }) => subject ?? text);
  }

  async inbox(person: Person): Promise<string[]> {
    const { notifications } = await this.as(person).getNotifications({ limit: 100 });
    return notifications.map(({ title }) => title).reverse();
  }

  /** What became of somebody's messages, by channel. */
  async fates(person: Person): Promise<{ kind: string; channel: string; state: string; reason: string | null; attempts: number; resends: number }[]> {
    return this.service.sql.query('select kind, channel, state, reason, attempts, resends from messages where user_id = $1 order by id', [uuidOfOwn('usr', person.id)]);
  }

  /** A provider that answers nothing closes the line soon, unless the test says when: on a busy machine no call is too late that should not be. */
  async fault(fault: { path: string; method?: string; mode: string; times?: number; percent?: number; delayMs?: number; afterCalls?: number }): Promise<void> {
    const told = { ...(fault.mode.startsWith('timeout_') && { delayMs: SILENT_MS }), ...fault };
    const answer = await fetch(`${this.sandbox.url}/control/faults`, { method: 'POST', body: JSON.stringify(told) });
    if (!answer.ok) throw new Error(await answer.text());
  }

  async noFaults(): Promise<void> {
    await fetch(`${this.sandbox.url}/control/faults`, { method: 'DELETE' });
  }

  next(marketId: string): bigint {
    const seq = (this.seqs.get(marketId) ?? 0n) + 1n;
    this.seqs.set(marketId, seq);
    return seq;
  }

  private async contact(userId: string) {
    if (this.isUserDown) {
      this.askedInVain += 1;
      throw new AppError('unavailable', 'user.away', 'Not now.');
    }
    const person = this.people.get(userId);
    if (!person) throw new AppError('not_found', 'user.not_found', 'There is no such user.');
    return { email: person.email, emailVerified: true, phone: person.phone, firstName: person.firstName, suspended: false };
  }
}
