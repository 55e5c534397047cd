import { CollectionService, type PortfolioItem, type PortfolioValue } from '@libs/contracts/gen/exchange/analytics/v1/collection_pb';
import { timestampOf } from '@libs/kernel/timestamp';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { AmountJson, amount, bodyInstant, freeText, idOf, InstantJson, instant, knownInstant, MoneyJson, moneyMessage, orAbsent, page, pageOf, pageQuery, present, PriceJson, safe } from './json';
import { tellReplay } from './replayed';

/** A whole portfolio with ordinary notes, and in its body room for what JSON and UTF-8 make longer. */
const CSV_MAX = 1_000_000;
const IMPORT_MAX_BYTES = 2 * CSV_MAX;

const ItemJson = z.object({
  id: z.string(), marketId: z.string(), productId: z.string(), size: z.string(), cost: AmountJson, acquiredAt: InstantJson, source: z.string(), orderId: z.string().optional(), note: z.string().optional(),
  proceeds: AmountJson.optional(), soldAt: InstantJson.optional(), atHighestBid: AmountJson.optional(), atLastSale: AmountJson.optional(),
});
const ValueJson = z.object({
  owned: z.int(), sold: z.int(), cost: AmountJson, atHighestBid: AmountJson, atLastSale: AmountJson, unrealisedAtHighestBid: AmountJson, unrealisedAtLastSale: AmountJson, realised: AmountJson,
  degraded: z.boolean().meta({ description: 'The live prices cannot be had at the moment: nothing counts at the highest bid.' }),
});
/** Lines and tabs, and no other control characters; what the lines say is told line by line. */
const Csv = z.string().max(CSV_MAX).regex(/^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$/, 'Control characters are not taken.').regex(/market_id/, 'The first line names the columns.');
const NewItem = z.strictObject({ marketId: idOf('mkt'), cost: MoneyJson, acquiredAt: bodyInstant.optional(), note: freeText(200).optional() });
const ChangedItem = z.strictObject({
  cost: MoneyJson.optional(), acquiredAt: bodyInstant.optional(), note: freeText(200).optional(),
  proceeds: PriceJson.optional().meta({ description: 'What it was sold for: makes it a sold one.' }), soldAt: bodyInstant.optional().meta({ description: 'Absent: as it is, or now.' }),
});

const mine = { tag: 'Portfolio', access: { roles: 'signed_in' } } as const;
const itemParams = z.strictObject({ itemId: idOf('pfi') });
const common = ['analytics.currency_wrong', 'analytics.in_future'];

/** What one owns and has sold, what it cost, and what it is worth. */
export function portfolioRoutes(rpc: Rpc): Route[] {
  return [...itemRoutes(rpc), ...csvRoutes(rpc)];
}

function itemRoutes(rpc: Rpc): Route[] {
  const collection = rpc.client(CollectionService);
  return [
    route({
      ...mine, method: 'GET', path: '/v1/portfolio', status: 200, summary: 'One\'s items, newest first, and what all of them are worth.', refusals: ['analytics.cursor_invalid'],
      query: z.strictObject(pageQuery), answer: pageOf(ItemJson).extend({ value: ValueJson }),
      async handle({ query: { limit, cursor = '' }, call }) {
        const { items, nextCursor, value } = await collection.getPortfolio({ limit, cursor }, call);
        return { ...page(items.map(itemJson), nextCursor), value: valueJson(present(value)) };
      },
    }),
    route({
      ...mine, method: 'POST', path: '/v1/portfolio/items', status: 201, summary: 'Add a pair that one owns.', refusals: ['analytics.market_not_found', 'analytics.too_many', ...common], body: NewItem, answer: ItemJson,
      async handle({ body: { marketId, cost, acquiredAt, note }, call }) {
        const { item } = await collection.addPortfolioItem({ marketId, cost: moneyMessage(cost), note, ...(acquiredAt && { acquiredAt: timestampOf(acquiredAt) }) }, call);
        return itemJson(present(item));
      },
    }),
    route({
      ...mine, method: 'PATCH', path: '/v1/portfolio/items/{itemId}', status: 200, summary: 'Correct an item, or say what it was sold for. What comes from an order, or was sold by one, follows its order.',
      refusals: ['analytics.item_not_found', 'analytics.sale_follows_order', 'analytics.sale_incomplete', 'analytics.sold_before_acquired', ...common], params: itemParams, body: ChangedItem, answer: ItemJson,
      async handle({ params: { itemId }, body: { cost, acquiredAt, note, proceeds, soldAt }, call }) {
        const sale = { ...(proceeds && { proceeds: moneyMessage(proceeds) }), ...(soldAt && { soldAt: timestampOf(soldAt) }) };
        const { item } = await collection.updatePortfolioItem({ itemId, note, ...(cost && { cost: moneyMessage(cost) }), ...(acquiredAt && { acquiredAt: timestampOf(acquiredAt) }), ...sale }, call);
        return itemJson(present(item));
      },
    }),
    route({
      ...mine, method: 'DELETE', path: '/v1/portfolio/items/{itemId}/sale', status: 200, summary: 'Take back a sale that was entered by hand: the item is owned again.', refusals: ['analytics.item_not_found', 'analytics.sale_follows_order'],
      params: itemParams, answer: ItemJson,
      async handle({ params, call }) {
        const { item } = await collection.takeBackSale(params, call);
        return itemJson(present(item));
      },
    }),
    route({
      ...mine, method: 'DELETE', path: '/v1/portfolio/items/{itemId}', status: 204, summary: 'Remove an item.', refusals: ['analytics.item_not_found'], params: itemParams,
      async handle({ params, call }) {
        await collection.removePortfolioItem(params, call);
        return undefined;
      },
    }),
  ];
}

function csvRoutes(rpc: Rpc): Route[] {
  const collection = rpc.client(CollectionService);
  return [
    route({
      ...mine, method: 'GET', path: '/v1/portfolio/export', status: 200, summary: 'All items as CSV, to keep, to calculate with, or to import again.', answer: z.string(), mediaType: 'text/csv; charset=utf-8; header=present',
      async handle({ call }, headers) {
        const { csv } = await collection.exportPortfolio({}, call);
        headers.header('Content-Disposition', 'attachment; filename="portfolio.csv"');
        return csv;
      },
    }),
    route({
      ...mine, method: 'POST', path: '/v1/portfolio/import', status: 200, summary: 'Items from CSV: good lines come in, bad ones are named. Columns: market_id, cost, currency, acquired_on; if you like note, sold_on with proceeds, and id, by which an item of an export comes in only once.',
      refusals: ['analytics.csv_invalid', 'analytics.key_reused'], idempotencyKey: 'required', bodyMaxBytes: IMPORT_MAX_BYTES, body: z.strictObject({ csv: Csv }),
      answer: z.object({ imported: z.int(), alreadyThere: z.int().meta({ description: 'Lines of items that the portfolio has: they stay as they are.' }), errors: z.array(z.object({ line: z.int(), detail: z.string() })), replayed: z.boolean() }),
      async handle({ body: { csv }, key, call }, headers) {
        const { imported, alreadyThere, errors, replayed } = await collection.importPortfolio({ csv, idempotencyKey: key }, call);
        tellReplay(headers, { replayed });
        return { imported, alreadyThere, errors: errors.map(({ line, detail }) => ({ line, detail })), replayed };
      },
    }),
  ];
}

function itemJson(item: PortfolioItem): z.input<typeof ItemJson> {
  const { id, marketId, productId, size, cost, acquiredAt, source, orderId, note, proceeds, soldAt, atHighestBid, atLastSale } = item;
  return {
    id, marketId, productId, size, cost: amount(cost), acquiredAt: knownInstant(acquiredAt), source, orderId: orAbsent(orderId), note: orAbsent(note),
    proceeds: proceeds && amount(proceeds), soldAt: instant(soldAt), atHighestBid: atHighestBid && amount(atHighestBid), atLastSale: atLastSale && amount(atLastSale),
  };
}

function valueJson({ currency, owned, sold, degraded, ...minor }: PortfolioValue): z.input<typeof ValueJson> {
  const of = (value: bigint) => ({ amount: safe(value), currency });
  return {
    owned: safe(owned), sold: safe(sold), cost: of(minor.costMinor), atHighestBid: of(minor.atHighestBidMinor), atLastSale: of(minor.atLastSaleMinor),
    unrealisedAtHighestBid: of(minor.unrealisedAtHighestBidMinor), unrealisedAtLastSale: of(minor.unrealisedAtLastSaleMinor), realised: of(minor.realisedMinor), degraded,
  };
}
