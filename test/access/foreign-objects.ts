import type { Role } from '@libs/rpc/call-context';
import { usd } from '@libs/client/trader';
import type { OwnedThings } from './owned-things';

/**
 * What somebody with one role gets of a thing that is not theirs. 404: as if it were not there. 403: no door for that role. 409: a colleague has it.
 * `may`: it is looked after by whoever has the role.
 */
export type Verdict = 404 | 403 | 409 | 'may';
export type Verdicts = Readonly<Record<Role, Verdict>>;

export interface Row {
  /** `public`: nobody's, and shown to everybody. */
  readonly strangers: Verdicts | 'public';
  /** Absent: it is nobody's, but in somebody's care. */
  readonly owner?: 'bea' | 'ben' | 'sam' | 'ada';
  readonly asks: (things: OwnedThings) => Asked;
}

export interface Asked {
  readonly params: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
  /** What `If-Match` names. */
  readonly version?: number;
}

/** Parts of a path that name no object: what is public, or whoever has the link itself. */
export const nobodysNames: readonly string[] = ['brand', 'carrier', 'check', 'code', 'token'];

const shut = { buyer: 403, seller: 403, authenticator: 403, admin: 403 } as const;
const ofBuyers: Verdicts = { ...shut, buyer: 404 };
const ofSellers: Verdicts = { ...shut, seller: 404 };
const ofUsers: Verdicts = { buyer: 404, seller: 404, authenticator: 404, admin: 404 };
const ofBothSides: Verdicts = { ...shut, buyer: 404, seller: 404, admin: 'may' };
const ofTheFloor: Verdicts = { ...shut, authenticator: 'may' };
const ofAColleague: Verdicts = { ...shut, authenticator: 409 };
const ofTheOffice: Verdicts = { ...shut, admin: 'may' };
/** The office looks after these, and there are none where all goes well. */
const notThere: Verdicts = { ...shut, admin: 404 };

const reason = { reason: 'a test of doors' };
const address = { name: 'Bea Story', street: '1 Quay', city: 'Salem', region: 'OR', postalCode: '97301', country: 'US' };
const order = (name: keyof OwnedThings['orders'], body?: Asked['body']) => ({ orders }: OwnedThings): Asked => ({ params: { orderId: orders[name].id }, ...(body && { body }) });
const task = (name: keyof OwnedThings['tasks'], body?: Asked['body']) => ({ tasks }: OwnedThings): Asked => ({ params: { taskId: tasks[name] }, ...(body && { body }) });
const market = (name: keyof OwnedThings['markets'], body?: Asked['body']) => ({ markets }: OwnedThings): Asked => ({ params: { marketId: markets[name] }, ...(body && { body }) });
const letter = (body?: Asked['body']) => (): Asked => ({ params: { deadLetterId: 'order~payments~ord_1~3' }, ...(body && { body }) });
const manualTask = (): Asked => ({ params: { taskId: 'tsk_1' }, body: reason });

/** Every route with the id of an object in its path. */
export const objectRoutes: Readonly<Record<string, Row>> = {
  'GET /v1/bids/{bidId}': { owner: 'bea', strangers: ofBuyers, asks: ({ bid }) => ({ params: { bidId: bid.id } }) },
  'PATCH /v1/bids/{bidId}': { owner: 'bea', strangers: ofBuyers, asks: ({ bid: { id, version } }) => ({ params: { bidId: id }, body: { price: usd(151) }, version }) },
  'DELETE /v1/bids/{bidId}': { owner: 'bea', strangers: ofBuyers, asks: ({ bidToCancel: { id } }) => ({ params: { bidId: id } }) },
  'GET /v1/asks/{askId}': { owner: 'sam', strangers: ofSellers, asks: ({ ask }) => ({ params: { askId: ask.id } }) },
  'PATCH /v1/asks/{askId}': { owner: 'sam', strangers: ofSellers, asks: ({ ask: { id, version } }) => ({ params: { askId: id }, body: { price: usd(209) }, version }) },
  'DELETE /v1/asks/{askId}': { owner: 'sam', strangers: ofSellers, asks: ({ askToCancel: { id } }) => ({ params: { askId: id } }) },

  'GET /v1/orders/{orderId}': { owner: 'bea', strangers: ofBothSides, asks: order('shown') },
  'GET /v1/orders/{orderId}/events': { owner: 'sam', strangers: ofBothSides, asks: order('shown') },
  'GET /v1/orders/{orderId}/label': { owner: 'sam', strangers: ofSellers, asks: order('shown') },
  'POST /v1/orders/{orderId}/shipment': { owner: 'sam', strangers: ofSellers, asks: order('toShip', {}) },
  'POST /v1/orders/{orderId}/cancel': { owner: 'sam', strangers: ofSellers, asks: order('toCancel', reason) },
  'POST /v1/orders/{orderId}/delivery-confirmation': { owner: 'bea', strangers: ofBuyers, asks: order('toConfirm') },
  'POST /v1/orders/{orderId}/ship-to-buyer': { strangers: ofTheFloor, asks: order('toSend', {}) },
  'GET /v1/orders/{orderId}/payment': { owner: 'bea', strangers: ofBothSides, asks: order('shown') },
  'POST /v1/orders/{orderId}/payment/recover': { owner: 'ben', strangers: ofBuyers, asks: ({ declined, bensCard }) => ({ params: { orderId: declined.id }, body: { paymentMethodId: bensCard } }) },
  'POST /v1/admin/orders/{orderId}/cancel': { strangers: ofTheOffice, asks: order('toCancelByAdmin', reason) },
  'POST /v1/admin/orders/{orderId}/refund': { strangers: ofTheOffice, asks: order('toRefund', reason) },
  'POST /v1/admin/orders/{orderId}/lost-inbound': { strangers: ofTheOffice, asks: order('lostInbound', reason) },
  'POST /v1/admin/orders/{orderId}/lost-outbound': { strangers: ofTheOffice, asks: order('lostOutbound', reason) },

  'PUT /v1/payments/methods/{paymentMethodId}/default': { owner: 'bea', strangers: ofBuyers, asks: ({ card }) => ({ params: { paymentMethodId: card } }) },
  'DELETE /v1/payments/methods/{paymentMethodId}': { owner: 'bea', strangers: ofBuyers, asks: ({ card }) => ({ params: { paymentMethodId: card } }) },
  'GET /v1/payouts/{payoutId}': { owner: 'sam', strangers: ofSellers, asks: ({ payout }) => ({ params: { payoutId: payout.id } }) },

  'GET /v1/authentication/tasks/{taskId}': { owner: 'ada', strangers: { ...ofTheFloor, admin: 'may' }, asks: task('held') },
  'POST /v1/authentication/tasks/{taskId}/claim': { strangers: ofTheFloor, asks: task('free') },
  'POST /v1/authentication/tasks/{taskId}/renew': { owner: 'ada', strangers: ofAColleague, asks: task('held') },
  'POST /v1/authentication/tasks/{taskId}/release': { owner: 'ada', strangers: ofAColleague, asks: task('toRelease') },
  'PUT /v1/authentication/tasks/{taskId}/checks/{check}': { owner: 'ada', strangers: ofAColleague, asks: ({ tasks, checkedVersion: version }) => ({ params: { taskId: tasks.toDecide, check: 'box' }, body: { result: 'pass' }, version }) },
  'POST /v1/authentication/tasks/{taskId}/decision': { owner: 'ada', strangers: ofAColleague, asks: task('toDecide', { verdict: 'pass' }) },
  'POST /v1/authentication/tasks/{taskId}/review': { strangers: ofTheFloor, asks: task('toReview', { verdict: 'pass' }) },
  'POST /v1/authentication/tasks/{taskId}/decide': { strangers: ofTheOffice, asks: task('disputed', { verdict: 'pass', ...reason }) },
  'POST /v1/authentication/stray-parcels/{parcelId}/resolution': { strangers: ofTheOffice, asks: ({ stray }) => ({ params: { parcelId: stray }, body: { resolution: 'sent back' } }) },

  'PUT /v1/me/addresses/{addressId}': { owner: 'bea', strangers: ofUsers, asks: (things) => ({ params: { addressId: things.address }, body: address }) },
  'DELETE /v1/me/addresses/{addressId}': { owner: 'bea', strangers: ofUsers, asks: (things) => ({ params: { addressId: things.address } }) },
  'DELETE /v1/auth/sessions/{sessionId}': { owner: 'bea', strangers: ofUsers, asks: ({ session }) => ({ params: { sessionId: session } }) },
  'PATCH /v1/notifications/{notificationId}': { owner: 'bea', strangers: ofUsers, asks: ({ notification }) => ({ params: { notificationId: notification }, body: { status: 'read' } }) },
  'DELETE /v1/catalog/saved-searches/{searchId}': { owner: 'bea', strangers: ofUsers, asks: ({ search }) => ({ params: { searchId: search } }) },
  'PATCH /v1/portfolio/items/{itemId}': { owner: 'bea', strangers: ofUsers, asks: ({ items }) => ({ params: { itemId: items[0] }, body: { note: 'boxed' } }) },
  'DELETE /v1/portfolio/items/{itemId}/sale': { owner: 'bea', strangers: ofUsers, asks: ({ soldItem }) => ({ params: { itemId: soldItem } }) },
  'DELETE /v1/portfolio/items/{itemId}': { owner: 'bea', strangers: ofUsers, asks: ({ items }) => ({ params: { itemId: items[1] } }) },
  'PATCH /v1/price-alerts/{alertId}': { owner: 'bea', strangers: ofUsers, asks: ({ alerts }) => ({ params: { alertId: alerts[0] }, body: { threshold: usd(11) } }) },
  'DELETE /v1/price-alerts/{alertId}': { owner: 'bea', strangers: ofUsers, asks: ({ alerts }) => ({ params: { alertId: alerts[1] } }) },
  'PATCH /v1/watchlists/{watchlistId}': { owner: 'bea', strangers: ofUsers, asks: ({ lists }) => ({ params: { watchlistId: lists[0] }, body: { name: 'Had' } }) },
  'DELETE /v1/watchlists/{watchlistId}': { owner: 'bea', strangers: ofUsers, asks: ({ lists }) => ({ params: { watchlistId: lists[1] } }) },
  'PUT /v1/watchlists/{watchlistId}/items/{marketId}': { owner: 'bea', strangers: ofUsers, asks: ({ lists, markets }) => ({ params: { watchlistId: lists[0], marketId: markets.open } }) },
  'DELETE /v1/watchlists/{watchlistId}/items/{marketId}': { owner: 'bea', strangers: ofUsers, asks: ({ lists, markets }) => ({ params: { watchlistId: lists[0], marketId: markets.open } }) },

  'PUT /v1/admin/users/{userId}/roles': { strangers: ofTheOffice, asks: ({ pat: { id, version } }) => ({ params: { userId: id }, body: { roles: ['buyer'], ...reason }, version }) },
  'POST /v1/admin/users/{userId}/suspend': { strangers: ofTheOffice, asks: ({ pat: { id } }) => ({ params: { userId: id }, body: reason }) },
  'POST /v1/admin/users/{userId}/reinstate': { strangers: ofTheOffice, asks: ({ pat: { id } }) => ({ params: { userId: id }, body: reason }) },
  'POST /v1/admin/tasks/orders/{taskId}/resume': { strangers: notThere, asks: manualTask },
  'POST /v1/admin/tasks/payments/{taskId}/resume': { strangers: notThere, asks: manualTask },
  'GET /v1/admin/dead-letters/{deadLetterId}': { strangers: notThere, asks: letter() },
  'POST /v1/admin/dead-letters/{deadLetterId}/retry': { strangers: notThere, asks: letter(reason) },
  'POST /v1/admin/dead-letters/{deadLetterId}/discard': { strangers: notThere, asks: letter(reason) },

  'GET /v1/markets/{marketId}': { strangers: 'public', asks: market('open') },
  'GET /v1/markets/{marketId}/book': { strangers: 'public', asks: market('open') },
  'GET /v1/markets/{marketId}/sales': { strangers: 'public', asks: market('open') },
  'GET /v1/markets/{marketId}/candles': { strangers: 'public', asks: market('open') },
  'GET /v1/markets/{marketId}/stats': { strangers: 'public', asks: market('open') },
  'POST /v1/markets/{marketId}/buy-now': { strangers: { ...shut, buyer: 'may' }, asks: market('toTake', { maxPrice: usd(210) }) },
  'POST /v1/markets/{marketId}/sell-now': { strangers: { ...shut, seller: 'may' }, asks: market('toTake', { minPrice: usd(150) }) },
  'POST /v1/markets/{marketId}/halt': { strangers: ofTheOffice, asks: market('toHalt', reason) },
  'POST /v1/markets/{marketId}/resume': { strangers: ofTheOffice, asks: market('halted', reason) },
  'GET /v1/products/{productId}': { strangers: 'public', asks: ({ product: { id } }) => ({ params: { productId: id } }) },
  'GET /v1/products/{productId}/candles': { strangers: 'public', asks: ({ product: { id } }) => ({ params: { productId: id } }) },
  'GET /v1/products/{productId}/stats': { strangers: 'public', asks: ({ product: { id } }) => ({ params: { productId: id } }) },
  'PATCH /v1/products/{productId}': { strangers: ofTheOffice, asks: ({ product: { id, version } }) => ({ params: { productId: id }, body: { description: 'As new.' }, version }) },
  'DELETE /v1/products/{productId}': { strangers: ofTheOffice, asks: ({ product: { id } }) => ({ params: { productId: id } }) },
};
