import { CollectionService, type PriceAlert, type Watchlist } from '@libs/contracts/gen/exchange/analytics/v1/collection_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { AmountJson, amount, idOf, InstantJson, knownInstant, line, moneyMessage, present, PriceJson } from './json';

const WatchlistJson = z.object({ id: z.string(), name: z.string(), marketIds: z.array(z.string()), createdAt: InstantJson });
const AlertJson = z.object({ id: z.string(), marketId: z.string(), threshold: AmountJson, createdAt: InstantJson });
const Name = z.strictObject({ name: line(60) });

const lists = { tag: 'Watch lists', access: { roles: 'signed_in' } } as const;
const alerts = { tag: 'Price alerts', access: { roles: 'signed_in' } } as const;
const listParams = z.strictObject({ watchlistId: idOf('wls') });
const itemParams = z.strictObject({ watchlistId: idOf('wls'), marketId: idOf('mkt') });
const alertParams = z.strictObject({ alertId: idOf('alt') });

/** The markets that one follows, and the prices at which one wants to be told. */
export function watchRoutes(rpc: Rpc): Route[] {
  return [...watchlistRoutes(rpc), ...alertRoutes(rpc)];
}

function watchlistRoutes(rpc: Rpc): Route[] {
  const collection = rpc.client(CollectionService);
  return [
    route({
      ...lists, method: 'GET', path: '/v1/watchlists', status: 200, summary: 'One\'s watch lists.', answer: z.object({ data: z.array(WatchlistJson) }),
      async handle({ call }) {
        const { watchlists } = await collection.getWatchlists({}, call);
        return { data: watchlists.map(watchlistJson) };
      },
    }),
    route({
      ...lists, method: 'POST', path: '/v1/watchlists', status: 201, summary: 'Begin a watch list.', refusals: ['analytics.too_many'], body: Name, answer: WatchlistJson,
      async handle({ body, call }) {
        const { watchlist } = await collection.createWatchlist(body, call);
        return watchlistJson(present(watchlist));
      },
    }),
    route({
      ...lists, method: 'PATCH', path: '/v1/watchlists/{watchlistId}', status: 200, summary: 'Give a watch list another name.', refusals: ['analytics.watchlist_not_found'], params: listParams, body: Name, answer: WatchlistJson,
      async handle({ params, body, call }) {
        const { watchlist } = await collection.renameWatchlist({ ...params, ...body }, call);
        return watchlistJson(present(watchlist));
      },
    }),
    route({
      ...lists, method: 'DELETE', path: '/v1/watchlists/{watchlistId}', status: 204, summary: 'Remove a watch list.', refusals: ['analytics.watchlist_not_found'], params: listParams,
      async handle({ params, call }) {
        await collection.deleteWatchlist(params, call);
        return undefined;
      },
    }),
    route({
      ...lists, method: 'PUT', path: '/v1/watchlists/{watchlistId}/items/{marketId}', status: 200, summary: 'Follow a market.', refusals: ['analytics.watchlist_not_found', 'analytics.market_not_found', 'analytics.too_many'], params: itemParams, answer: WatchlistJson,
      async handle({ params, call }) {
        const { watchlist } = await collection.putWatchlistItem(params, call);
        return watchlistJson(present(watchlist));
      },
    }),
    route({
      ...lists, method: 'DELETE', path: '/v1/watchlists/{watchlistId}/items/{marketId}', status: 204, summary: 'Follow a market no longer.', refusals: ['analytics.watchlist_not_found'], params: itemParams,
      async handle({ params, call }) {
        await collection.removeWatchlistItem(params, call);
        return undefined;
      },
    }),
  ];
}

function alertRoutes(rpc: Rpc): Route[] {
  const collection = rpc.client(CollectionService);
  const Threshold = z.strictObject({ threshold: PriceJson });
  return [
    route({
      ...alerts, method: 'GET', path: '/v1/price-alerts', status: 200, summary: 'One\'s price alerts.', answer: z.object({ data: z.array(AlertJson) }),
      async handle({ call }) {
        const { alerts: found } = await collection.getPriceAlerts({}, call);
        return { data: found.map(alertJson) };
      },
    }),
    route({
      ...alerts, method: 'POST', path: '/v1/price-alerts', status: 201, summary: 'Be told when the lowest ask falls to a price.', refusals: ['analytics.market_not_found', 'analytics.currency_wrong', 'analytics.too_many'],
      body: Threshold.extend({ marketId: idOf('mkt') }), answer: AlertJson,
      async handle({ body: { marketId, threshold }, call }) {
        const { alert } = await collection.createPriceAlert({ marketId, threshold: moneyMessage(threshold) }, call);
        return alertJson(present(alert));
      },
    }),
    route({
      ...alerts, method: 'PATCH', path: '/v1/price-alerts/{alertId}', status: 200, summary: 'Name another price.', refusals: ['analytics.alert_not_found', 'analytics.currency_wrong'], params: alertParams, body: Threshold, answer: AlertJson,
      async handle({ params: { alertId }, body: { threshold }, call }) {
        const { alert } = await collection.updatePriceAlert({ alertId, threshold: moneyMessage(threshold) }, call);
        return alertJson(present(alert));
      },
    }),
    route({
      ...alerts, method: 'DELETE', path: '/v1/price-alerts/{alertId}', status: 204, summary: 'Remove a price alert.', refusals: ['analytics.alert_not_found'], params: alertParams,
      async handle({ params, call }) {
        await collection.deletePriceAlert(params, call);
        return undefined;
      },
    }),
  ];
}

function watchlistJson({ id, name, marketIds, createdAt }: Watchlist): z.input<typeof WatchlistJson> {
  return { id, name, marketIds, createdAt: knownInstant(createdAt) };
}

function alertJson({ id, marketId, threshold, createdAt }: PriceAlert): z.input<typeof AlertJson> {
  return { id, marketId, threshold: amount(threshold), createdAt: knownInstant(createdAt) };
}
