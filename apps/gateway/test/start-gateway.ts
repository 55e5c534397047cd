import { AnalyticsService } from '@libs/contracts/gen/exchange/analytics/v1/analytics_pb';
import { CollectionService } from '@libs/contracts/gen/exchange/analytics/v1/collection_pb';
import { AuthenticationService } from '@libs/contracts/gen/exchange/authentication/v1/authentication_pb';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { NotificationService } from '@libs/contracts/gen/exchange/notification/v1/notification_pb';
import { OperationsService } from '@libs/contracts/gen/exchange/operations/v1/operations_pb';
import { OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import { ProductService } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { type ServiceName, services } from '@libs/contracts/events';
import { SearchService } from '@libs/contracts/gen/exchange/search/v1/search_pb';
import { UserService, type WatchRevocationsResponseSchema } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import type { ServiceModule } from '@libs/chassis/service';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { RpcHandlers } from '@libs/rpc/rpc';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import type { FastifyInstance } from 'fastify';
import { map, NEVER, type Observable, Subject } from 'rxjs';
import { GatewayModule } from '../src/gateway.module';
import { jwksJson } from './session-keys';

type Revocations = Subject<MessageInitShape<typeof WatchRevocationsResponseSchema>>;

interface Fakes {
  readonly user?: Partial<RpcHandlers<typeof UserService>>;
  readonly product?: Partial<RpcHandlers<typeof ProductService>>;
  readonly bidding?: Partial<RpcHandlers<typeof BiddingService>>;
  readonly order?: Partial<RpcHandlers<typeof OrderService>>;
  readonly payment?: Partial<RpcHandlers<typeof PaymentService>>;
  readonly authentication?: Partial<RpcHandlers<typeof AuthenticationService>>;
  readonly notification?: Partial<RpcHandlers<typeof NotificationService>>;
  readonly analytics?: Partial<RpcHandlers<typeof AnalyticsService>>;
  readonly collection?: Partial<RpcHandlers<typeof CollectionService>>;
  /** Served alike by every service. */
  readonly operations?: (at: ServiceName) => Partial<RpcHandlers<typeof OperationsService>>;
  readonly search?: Partial<RpcHandlers<typeof SearchService>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly module?: ServiceModule;
}

const PLENTY = { LIMIT_ANONYMOUS_PER_MIN: '1000000', LIMIT_READS_PER_MIN: '1000000', LIMIT_TRADING_PER_MIN: '1000000', LIMIT_TRADING_BURST: '1000000', LIMIT_LOGIN_PER_15_MIN: '1000000', LIMIT_MAILS_PER_HOUR: '1000000', LIMIT_MAIL_ASKERS_PER_HOUR: '1000000' };

export interface RunningGateway {
  readonly service: TestService;
  readonly url: string;
  /** What the user service tells of sessions that ended. A heartbeat comes every 200 ms until the test stops it. */
  readonly revocations: Revocations;
  silence(): void;
  stop(): Promise<void>;
}

export function fastifyOf({ service }: RunningGateway): FastifyInstance {
  if (!('getHttpAdapter' in service.app)) throw new Error('the gateway is an HTTP application');
  const instance: unknown = service.app.getHttpAdapter().getInstance();
  // It runs on Nest's Fastify adapter.
  return instance as FastifyInstance;
}

/** Hears of whom it is to tell, and has nothing to tell. */
const heard = (wanted: Observable<{ readonly watch: string[] }>) => wanted.pipe(map(({ watch }) => ({ readAgain: watch })));

/** The gateway with faked services behind it, and limits that are out of the way unless the test sets them. */
export async function startGateway({ user, product, bidding, order, payment, authentication, notification, analytics, collection, operations, search, env, module = GatewayModule }: Fakes = {}): Promise<RunningGateway> {
  const revocations: Revocations = new Subject();
  let isSilent = false;
  const watchRevocations = () => {
    if (!isSilent) setImmediate(() => revocations.next({ change: { case: 'snapshot', value: {} } }));
    return revocations;
  };
  const service = await startTestService(module, {
    fakes: [
      [UserService, { getKeys: async () => ({ jwksJson }), watchRevocations, checkSession: async () => ({ live: true }), ...user }],
      [ProductService, { ...product }],
      [BiddingService, { watchMarkets: () => NEVER, watchUserQuotes: heard, ...bidding }],
      [OrderService, { watchUserOrders: heard, ...order }],
      [PaymentService, { ...payment }],
      [AuthenticationService, { ...authentication }],
      [NotificationService, { ...notification }],
      [AnalyticsService, { ...analytics }],
      [CollectionService, { ...collection }],
      ...services.filter((name) => name !== 'gateway').map((name) => [OperationsService, operations?.(name) ?? {}, name] as const),
      [SearchService, { ...search }],
    ],
    env: { ...PLENTY, INTERNAL_ADDRESSES: 'user=http://127.0.0.1:1', ...env },
  });
  const heart = setInterval(() => revocations.next({ change: { case: 'heartbeat', value: {} } }), 200);
  const silence = () => {
    isSilent = true;
    clearInterval(heart);
  };
  return {
    service, url: service.httpUrl, revocations, silence,
    async stop() {
      silence();
      await service.stop();
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

interface Asked {
  readonly token?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
}

export async function ask(url: string, method: string, path: string, { token, key, headers, body, raw }: Asked = {}): Promise<Answer> {
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { ...(sent !== undefined && { 'content-type': 'application/json' }), ...(token && { authorization: `Bearer ${token}` }), ...(key && { 'idempotency-key': key }), ...headers },
    ...(sent !== undefined && { body: sent }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {} };
}
