import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import * as analytics from './gen/exchange/analytics/v1/events_pb';
import * as authentication from './gen/exchange/authentication/v1/events_pb';
import * as bidding from './gen/exchange/bidding/v1/events_pb';
import * as order from './gen/exchange/order/v1/events_pb';
import * as payment from './gen/exchange/payment/v1/events_pb';
import * as product from './gen/exchange/product/v1/events_pb';
import * as user from './gen/exchange/user/v1/events_pb';

export const services = ['user', 'product', 'bidding', 'order', 'payment', 'authentication', 'notification', 'analytics', 'search', 'gateway'] as const;
export type ServiceName = (typeof services)[number];

/** A topic is the stream of one noun. It has one producer, and `kseq` counts 1..N for each of its keys. */
export const topics = {
  users: { producer: 'user', key: 'user' },
  payment_methods: { producer: 'payment', key: 'user' },
  products: { producer: 'product', key: 'product' },
  markets: { producer: 'bidding', key: 'market' },
  'matches.created': { producer: 'bidding', key: 'market' },
  orders: { producer: 'order', key: 'order' },
  payments: { producer: 'payment', key: 'order' },
  payouts: { producer: 'payment', key: 'seller' },
  authentication: { producer: 'authentication', key: 'order' },
  prices: { producer: 'analytics', key: 'market' },
} as const satisfies Record<string, { producer: ServiceName; key: string }>;
export type Topic = keyof typeof topics;

/** Every event that crosses a service boundary, by name: `<noun>.<past participle>`. Adding one here is adding a contract. */
export const events = {
  'user.registered': { topic: 'users', schema: user.UserRegisteredSchema },
  'user.suspended': { topic: 'users', schema: user.UserSuspendedSchema },
  'user.reinstated': { topic: 'users', schema: user.UserReinstatedSchema },
  'user.email_verified': { topic: 'users', schema: user.UserEmailVerifiedSchema },
  'address.added': { topic: 'users', schema: user.AddressAddedSchema },
  'address.removed': { topic: 'users', schema: user.AddressRemovedSchema },
  'payment_method.verified': { topic: 'payment_methods', schema: payment.PaymentMethodVerifiedSchema },
  'payment_method.removed': { topic: 'payment_methods', schema: payment.PaymentMethodRemovedSchema },
  'payout_account.enabled': { topic: 'payment_methods', schema: payment.PayoutAccountEnabledSchema },
  'payout_account.disabled': { topic: 'payment_methods', schema: payment.PayoutAccountDisabledSchema },
  'payout_account.changed': { topic: 'payment_methods', schema: payment.PayoutAccountChangedSchema },
  'product.created': { topic: 'products', schema: product.ProductCreatedSchema },
  'product.updated': { topic: 'products', schema: product.ProductUpdatedSchema },
  'product.retired': { topic: 'products', schema: product.ProductRetiredSchema },
  'bid.placed': { topic: 'markets', schema: bidding.BidPlacedSchema },
  'bid.updated': { topic: 'markets', schema: bidding.BidUpdatedSchema },
  'bid.cancelled': { topic: 'markets', schema: bidding.BidCancelledSchema },
  'bid.expired': { topic: 'markets', schema: bidding.BidExpiredSchema },
  'ask.placed': { topic: 'markets', schema: bidding.AskPlacedSchema },
  'ask.updated': { topic: 'markets', schema: bidding.AskUpdatedSchema },
  'ask.cancelled': { topic: 'markets', schema: bidding.AskCancelledSchema },
  'ask.expired': { topic: 'markets', schema: bidding.AskExpiredSchema },
  'market.halted': { topic: 'markets', schema: bidding.MarketHaltedSchema },
  'market.resumed': { topic: 'markets', schema: bidding.MarketResumedSchema },
  'match.created': { topic: 'matches.created', schema: bidding.MatchCreatedSchema },
  'trade.busted': { topic: 'matches.created', schema: bidding.TradeBustedSchema },
  'order.created': { topic: 'orders', schema: order.OrderCreatedSchema },
  'order.label_ready': { topic: 'orders', schema: order.OrderLabelReadySchema },
  'order.shipped': { topic: 'orders', schema: order.OrderShippedSchema },
  'order.received': { topic: 'orders', schema: order.OrderReceivedSchema },
  'order.authenticated': { topic: 'orders', schema: order.OrderAuthenticatedSchema },
  'order.delivered': { topic: 'orders', schema: order.OrderDeliveredSchema },
  'order.cancelled': { topic: 'orders', schema: order.OrderCancelledSchema },
  'payment.captured': { topic: 'payments', schema: payment.PaymentCapturedSchema },
  'payment.failed': { topic: 'payments', schema: payment.PaymentFailedSchema },
  'payment.action_required': { topic: 'payments', schema: payment.PaymentActionRequiredSchema },
  'payment.refunded': { topic: 'payments', schema: payment.PaymentRefundedSchema },
  'payout.released': { topic: 'payouts', schema: payment.PayoutReleasedSchema },
  'payout.transferred': { topic: 'payouts', schema: payment.PayoutTransferredSchema },
  'payout.paid': { topic: 'payouts', schema: payment.PayoutPaidSchema },
  'payout.failed': { topic: 'payouts', schema: payment.PayoutFailedSchema },
  'inspection.received': { topic: 'authentication', schema: authentication.InspectionReceivedSchema },
  'inspection.completed': { topic: 'authentication', schema: authentication.InspectionCompletedSchema },
  'price.dropped': { topic: 'prices', schema: analytics.PriceDroppedSchema },
} as const satisfies Record<`${string}.${string}`, { topic: Topic; schema: DescMessage }>;

export type EventName = keyof typeof events;
export type EventOf<N extends EventName> = MessageShape<(typeof events)[N]['schema']>;
export type EventInit<N extends EventName> = MessageInitShape<(typeof events)[N]['schema']>;
