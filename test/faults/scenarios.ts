import { newsThatMayBeLost, newsThatIsTold } from './news';
import { delivery, missedDeadline, restingBid, shownSale, shownAsk, trade, verdict } from './plays';
import type { Scenario } from './scenario';

/**
 * One for each named point. Those that let days pass come first, while there are no other orders whose days are numbered.
 * A passage is named where the first one is not the one that hurts: the charge comes after the making of its intent.
 */
export const scenarios: readonly Scenario[] = [
  { point: 'order.timerFired', service: 'order', says: 'a seller misses the deadline', prepare: missedDeadline },
  { point: 'payment.afterCommit', service: 'payment', says: 'a refund is made and booked', prepare: missedDeadline },
  { point: 'payment.afterRowBeforeLedger', service: 'payment', says: 'a transfer to the seller is made and not booked', prepare: delivery },
  { point: 'authentication.afterVerdict', service: 'authentication', says: 'a pair is judged', prepare: verdict },

  { point: 'search.midBulk', service: 'search', says: 'an ask is on its way to the index', prepare: shownAsk },
  { point: 'search.afterBulkBeforeOffset', service: 'search', says: 'an ask is in the index and not marked as given', prepare: shownAsk },

  { point: 'gateway.beforeForward', service: 'gateway', says: 'a bid comes in', prepare: trade },
  { point: 'gateway.afterForwardBeforeReply', service: 'gateway', says: 'a bid is placed and nobody told', prepare: trade },

  { point: 'bidding.afterTake', service: 'bidding', says: 'a bid is taken from the queue', prepare: trade },
  { point: 'bidding.beforeCommit', service: 'bidding', says: 'a match is made and not written', prepare: trade },
  { point: 'bidding.duringCommit', service: 'bidding', says: 'a match is being written', prepare: trade },
  { point: 'bidding.afterCommit', service: 'bidding', says: 'a match is written and nobody told', prepare: trade },
  { point: 'bidding.beforeRedis', service: 'bidding', says: 'a bid is in the database and not in the live book', prepare: restingBid },
  { point: 'bidding.midRedis', service: 'bidding', says: 'a bid is on its way to the live book', prepare: restingBid },
  { point: 'bidding.afterRedis', service: 'bidding', says: 'a bid is in the live book', prepare: restingBid },

  { point: 'relay.afterRead', service: 'bidding', says: 'a match is read and not sent', prepare: trade },
  { point: 'relay.afterSend', service: 'order', says: 'what was told is not marked as told', prepare: trade },
  { point: 'relay.beforeMark', passage: 2, service: 'payment', says: 'a payment is sent and not marked', prepare: trade },

  { point: 'consumer.afterEffect', service: 'order', says: 'an event has had its effect, which is not committed', prepare: trade },
  { point: 'order.afterInbox', service: 'order', says: 'a match is heard of', prepare: trade },
  { point: 'order.afterState', service: 'order', says: 'an order is written, its first steps are not', prepare: trade },
  { point: 'order.afterOutbox', service: 'order', says: 'a step and its announcement are written, not committed', prepare: trade },
  { point: 'order.afterCommit', service: 'order', says: 'a step is committed', prepare: trade },

  { point: 'payment.afterIntentRow', service: 'payment', says: 'a charge is planned', prepare: trade },
  { point: 'payment.beforePsp', service: 'payment', says: 'a charge is about to be made', prepare: trade },
  { point: 'payment.afterPspBeforeRow', passage: 2, service: 'payment', says: 'a charge is made and not written', prepare: trade },
  { point: 'payment.webhook.afterVerify', service: 'payment', says: 'the provider tells of a charge', prepare: trade },
  { point: 'payment.webhook.afterInbox', service: 'payment', says: 'the provider has told of a charge and hears no thanks', prepare: trade },

  { point: 'notification.beforeSend', service: 'notification', says: 'a message is about to be sent', prepare: newsThatMayBeLost },
  { point: 'notification.afterSendBeforeMark', service: 'notification', says: 'a message is sent and not marked', prepare: newsThatIsTold },

  { point: 'analytics.midBulk', service: 'analytics', says: 'a sale is written and its history is not', prepare: shownSale },
  { point: 'analytics.afterBulkBeforeOffset', service: 'analytics', says: 'a sale is in the history and not marked as heard', prepare: shownSale },

  { point: 'bidding.takeover.afterEpoch', service: 'bidding', says: 'a new writer has taken the books over', prepare: trade },
  { point: 'bidding.takeover.midLoad', service: 'bidding', says: 'a new writer loads the books', prepare: restingBid },
];
