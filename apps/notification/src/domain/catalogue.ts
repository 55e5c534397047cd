/** Ways in which a message reaches its reader. */
export const channels = ['email', 'sms', 'inbox'] as const;
export type Channel = (typeof channels)[number];

interface Event {
  /** Where it is told unless its reader says otherwise. */
  readonly usual: readonly Channel[];
  /** What nobody can switch off: it protects an account, or money. */
  readonly fixed: readonly Channel[];
}

/** What messages are about: the rows of the matrix that a user sets. */
export const events = {
  account: { usual: ['email', 'inbox'], fixed: [] },
  security: { usual: ['email', 'sms', 'inbox'], fixed: ['email', 'inbox'] },
  match: { usual: ['email', 'inbox'], fixed: [] },
  payment: { usual: ['email', 'sms', 'inbox'], fixed: ['email'] },
  shipping_label: { usual: ['email', 'inbox'], fixed: ['inbox'] },
  shipment: { usual: ['email', 'inbox'], fixed: [] },
  inspection: { usual: ['email', 'inbox'], fixed: [] },
  delivery: { usual: ['email', 'inbox'], fixed: [] },
  cancellation: { usual: ['email', 'inbox'], fixed: ['inbox'] },
  refund: { usual: ['email', 'inbox'], fixed: ['email'] },
  payout: { usual: ['email', 'inbox'], fixed: ['email'] },
  quote_expiring: { usual: ['email', 'inbox'], fixed: [] },
  quote_ended: { usual: ['email', 'inbox'], fixed: [] },
  outbid: { usual: ['email', 'inbox'], fixed: [] },
  price_alert: { usual: ['email', 'inbox'], fixed: [] },
} as const satisfies Record<string, Event>;
export type EventName = keyof typeof events;
export const eventNames = Object.keys(events) as EventName[]; // The record's own keys.

interface Described {
  readonly event: EventName;
  /** Security and payment: it does not wait for quiet hours, and is sent once more when nobody can say whether it went out. */
  readonly isCritical?: true;
  /** Goes to the address that it is about, and nowhere else. */
  readonly channels?: readonly Channel[];
  /** Not worth reading after a day. */
  readonly isOfTheMoment?: true;
}

/** Every message that there is. Its words stand in `words.ts`. */
export const kinds = {
  welcome: { event: 'account' },
  verify_email: { event: 'security', isCritical: true, channels: ['email'] },
  reset_password: { event: 'security', isCritical: true, channels: ['email'] },
  confirm_old_email: { event: 'security', isCritical: true, channels: ['email'] },
  confirm_new_email: { event: 'security', isCritical: true, channels: ['email'] },
  email_changed: { event: 'security', isCritical: true },
  password_changed: { event: 'security', isCritical: true },
  new_sign_in: { event: 'security', isCritical: true },
  sessions_ended: { event: 'security', isCritical: true },
  account_suspended: { event: 'security', isCritical: true },
  buying_suspended: { event: 'security', isCritical: true },
  selling_suspended: { event: 'security', isCritical: true },
  account_reinstated: { event: 'security', isCritical: true },
  card_added: { event: 'security', isCritical: true, channels: ['email', 'inbox'] },
  card_removed: { event: 'security', isCritical: true, channels: ['email', 'inbox'] },
  payout_account_changed: { event: 'security', isCritical: true },
  payout_account_disabled: { event: 'security', isCritical: true },
  match_buyer: { event: 'match' },
  match_seller: { event: 'match' },
  order_paid: { event: 'payment', isCritical: true, channels: ['email', 'inbox'] },
  payment_action: { event: 'payment', isCritical: true },
  label_ready: { event: 'shipping_label' },
  shipped_in: { event: 'shipment' },
  shipped_out: { event: 'shipment' },
  shipped_out_seller: { event: 'shipment' },
  shipped_back: { event: 'shipment' },
  arrived: { event: 'inspection' },
  passed_buyer: { event: 'inspection' },
  passed_seller: { event: 'inspection' },
  failed_buyer: { event: 'inspection' },
  failed_seller: { event: 'inspection' },
  delivered_buyer: { event: 'delivery' },
  delivered_seller: { event: 'delivery' },
  cancelled_buyer: { event: 'cancellation' },
  cancelled_seller: { event: 'cancellation' },
  quote_returned: { event: 'cancellation' },
  refunded: { event: 'refund', isCritical: true },
  payout_paid: { event: 'payout', isCritical: true },
  payout_failed: { event: 'payout', isCritical: true },
  quote_expiring: { event: 'quote_expiring' },
  quote_expired: { event: 'quote_ended' },
  quote_cancelled: { event: 'quote_ended' },
  outbid: { event: 'outbid', isOfTheMoment: true },
  price_alert: { event: 'price_alert', isOfTheMoment: true },
} as const satisfies Record<string, Described>;
export type Kind = keyof typeof kinds;

export function describe(kind: Kind): Described {
  return kinds[kind];
}

/** Whether its words name a pair: then it waits until the exchange has told which. A payment that fails is told of before there is a paid order to hear of. */
export function namesPair(kind: Kind): boolean {
  const { event } = describe(kind);
  return event !== 'account' && event !== 'security' && kind !== 'payment_action';
}

/** The messages that user asks for, with an address and sometimes a secret of its own. */
export const accountKinds = ['verify_email', 'reset_password', 'confirm_old_email', 'confirm_new_email', 'email_changed', 'password_changed', 'new_sign_in', 'sessions_ended'] as const;
export type AccountKind = (typeof accountKinds)[number];

export function isAccountKind(kind: string): kind is AccountKind {
  return (accountKinds as readonly string[]).includes(kind);
}

export function isEventName(name: string): name is EventName {
  return Object.hasOwn(events, name);
}

export function isFixed(event: EventName, channel: Channel): boolean {
  return (events[event].fixed as readonly Channel[]).includes(channel);
}

export function isUsual(event: EventName, channel: Channel): boolean {
  return (events[event].usual as readonly Channel[]).includes(channel);
}
