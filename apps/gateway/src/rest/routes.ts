import type { Rpc } from '@libs/rpc/rpc';
import type { Route } from '../door/route';
import type { SendTrade } from './quotes';
import { adminRoutes } from './admin';
import { analyticsRoutes } from './analytics';
import { askRoutes } from './asks';
import { authRoutes, type CountTries, type Hash } from './auth';
import { deadLetterRoutes } from './dead-letters';
import { bidRoutes } from './bids';
import { catalogRoutes } from './catalog';
import { documentRoutes } from './documents';
import { estimateRoutes } from './estimates';
import { healthRoutes } from './health';
import { inspectionRoutes } from './inspections';
import { mailboxRoutes } from './mailbox';
import { marketRoutes } from './markets';
import { meRoutes } from './me';
import { notificationRoutes } from './notifications';
import { operatorTaskRoutes } from './operator-tasks';
import { orderRoutes } from './orders';
import { paymentRoutes } from './payments';
import { payoutRoutes } from './payouts';
import { portfolioRoutes } from './portfolio';
import { priceRoutes } from './prices';
import { productRoutes } from './products';
import { socketTicketRoutes } from './socket-tickets';
import { reconciliationRoutes } from './reconciliations';
import { type TestClock, testClockRoutes } from './test-clock';
import { unsubscribeRoutes } from './unsubscribe';
import { watchRoutes } from './watches';
import { webhookRoutes } from './webhooks';

/** What the routes stand on. */
export interface Behind {
  readonly rpc: Rpc;
  readonly sendTrade: SendTrade;
  readonly countLogin: CountTries;
  readonly countMail: CountTries;
  readonly hashing: Hash;
  readonly publicKeys: () => Promise<unknown>;
  readonly issueTicket: Parameters<typeof socketTicketRoutes>[0];
  readonly internals: Parameters<typeof healthRoutes>[0];
  /** Where the outside world is the sandbox. */
  readonly testClock?: TestClock;
}

/** The whole public API. */
export function routesOver({ rpc, sendTrade, countLogin, countMail, hashing, publicKeys, issueTicket, internals, testClock }: Behind): Route[] {
  return documentRoutes([
    ...authRoutes(rpc, countLogin, hashing, publicKeys),
    ...mailboxRoutes(rpc, countLogin, countMail, hashing),
    ...meRoutes(rpc),
    ...productRoutes(rpc),
    ...catalogRoutes(rpc),
    ...marketRoutes(rpc),
    ...priceRoutes(rpc),
    ...analyticsRoutes(rpc),
    ...watchRoutes(rpc),
    ...portfolioRoutes(rpc),
    ...bidRoutes(rpc, sendTrade),
    ...askRoutes(rpc, sendTrade),
    ...estimateRoutes(rpc),
    ...orderRoutes(rpc),
    ...paymentRoutes(rpc),
    ...payoutRoutes(rpc),
    ...inspectionRoutes(rpc),
    ...notificationRoutes(rpc),
    ...unsubscribeRoutes(rpc),
    ...adminRoutes(rpc),
    ...operatorTaskRoutes(rpc),
    ...deadLetterRoutes(rpc),
    ...reconciliationRoutes(rpc),
    ...webhookRoutes(rpc),
    ...socketTicketRoutes(issueTicket),
    ...healthRoutes(internals),
    ...(testClock ? testClockRoutes(testClock) : []),
  ]);
}
