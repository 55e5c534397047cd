/**
 * The places where a crash is worth testing (`reliability.md` 2.1 of the design). A point does nothing
 * unless the chassis has armed it, which it does only in tests.
 */
export const failpoints = [
  'gateway.beforeForward', 'gateway.afterForwardBeforeReply',
  'bidding.afterTake', 'bidding.beforeCommit', 'bidding.duringCommit', 'bidding.afterCommit', 'bidding.beforeRedis', 'bidding.midRedis', 'bidding.afterRedis',
  'bidding.takeover.afterEpoch', 'bidding.takeover.midLoad',
  'consumer.afterEffect',
  'relay.afterRead', 'relay.afterSend', 'relay.beforeMark',
  'order.afterInbox', 'order.afterState', 'order.afterOutbox', 'order.afterCommit', 'order.timerFired',
  'payment.afterIntentRow', 'payment.beforePsp', 'payment.afterPspBeforeRow', 'payment.afterRowBeforeLedger', 'payment.afterCommit',
  'payment.webhook.afterVerify', 'payment.webhook.afterInbox',
  'authentication.afterVerdict',
  'notification.beforeSend', 'notification.afterSendBeforeMark',
  'analytics.midBulk', 'analytics.afterBulkBeforeOffset',
  'search.midBulk', 'search.afterBulkBeforeOffset',
] as const;
export type Failpoint = (typeof failpoints)[number];

type Action = (name: Failpoint) => void;
const armed = new Map<Failpoint, Action>();

/** Passes at once, or does what a test has armed it to do: kill the process, or throw. */
export function failpoint(name: Failpoint): void {
  if (armed.size > 0) armed.get(name)?.(name);
}

export function armFailpoint(name: Failpoint, action: Action): void {
  armed.set(name, action);
}
