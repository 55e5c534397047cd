import type { Rpc } from '@libs/rpc/rpc';
import type { Route } from '../door/route';
import type { SendTrade } from './quotes';
import { adminRoutes } from './admin';
import { askRoutes } from './asks';
import { authRoutes, type CountLogin } from './auth';
import { bidRoutes } from './bids';
import { catalogRoutes } from './catalog';
import { documentRoutes } from './documents';
import { estimateRoutes } from './estimates';
import { healthRoutes } from './health';
import { inspectionRoutes } from './inspections';
import { marketRoutes } from './markets';
import { meRoutes } from './me';
import { orderRoutes } from './orders';
import { paymentRoutes } from './payments';
import { payoutRoutes } from './payouts';
import { productRoutes } from './products';
import { socketTicketRoutes } from './socket-tickets';
import { type TestClock, testClockRoutes } from './test-clock';
import { webhookRoutes } from './webhooks';

/** What the routes stand on. */
export interface Behind {
  readonly rpc: Rpc;
  readonly sendTrade: SendTrade;
  readonly countLogin: CountLogin;
  readonly publicKeys: () => Promise<unknown>;
  readonly issueTicket: Parameters<typeof socketTicketRoutes>[0];
  readonly internals: Parameters<typeof healthRoutes>[0];
  /** Where the outside world is the sandbox. */
  readonly testClock?: TestClock;
}

/** The whole public API. */
export function routesOver({ rpc, sendTrade, countLogin, publicKeys, issueTicket, internals, testClock }: Behind): Route[] {
  return documentRoutes([
    ...authRoutes(rpc, countLogin, publicKeys),
    ...meRoutes(rpc),
    ...productRoutes(rpc),
    ...catalogRoutes(rpc),
    ...marketRoutes(rpc),
    ...bidRoutes(rpc, sendTrade),
    ...askRoutes(rpc, sendTrade),
    ...estimateRoutes(rpc),
    ...orderRoutes(rpc),
    ...paymentRoutes(rpc),
    ...payoutRoutes(rpc),
    ...inspectionRoutes(rpc),
    ...adminRoutes(rpc),
    ...webhookRoutes(rpc),
    ...socketTicketRoutes(issueTicket),
    ...healthRoutes(internals),
    ...(testClock ? testClockRoutes(testClock) : []),
  ]);
}
