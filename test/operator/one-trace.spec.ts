import { randomBytes } from 'node:crypto';
import { until } from '@libs/testing/exchange-process';
import { Story } from '@libs/testing/story';
import { Collector, type Seen } from './collector';

const ARRIVAL_MS_MAX = 20_000;

/** The road of a trade, from the click on: each span, and the one that it was done for. */
const road: readonly (readonly [span: string, cause: string])[] = [
  ['gateway: POST /v1/asks', 'the click'],
  ['bidding: trade placeAsk', 'gateway: POST /v1/asks'],
  ['bidding: publish match.created', 'bidding: trade placeAsk'],
  ['order: process match.created', 'bidding: trade placeAsk'],
  ['notification: process match.created', 'bidding: trade placeAsk'],
  ['order: saga reserve_stock', 'order: process match.created'],
  ['product: exchange.product.v1.ProductService/ReserveStock', 'order: saga reserve_stock'],
  ['order: saga charge', 'order: saga reserve_stock'],
  ['payment: exchange.payment.v1.PaymentService/ProcessPayment', 'order: saga charge'],
  ['payment: operation intent', 'payment: exchange.payment.v1.PaymentService/ProcessPayment'],
];

describe.each([['in one process', false], ['one process a service', true]])('a trade, %s', (_form, split) => {
  let collector: Collector;
  let story: Story;
  beforeAll(async () => {
    collector = await Collector.open();
    story = await Story.begin({ split, env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '100' } });
  }, 120_000);
  afterAll(async () => {
    await story.end();
    await collector.close();
  });

  it('is one trace from the request through calls, outbox, bus and consumers', async () => {
    const [bea, sam, market] = [await story.buyer(), await story.seller(), await story.market()];
    await bea.bids(market, 300);
    const [traceId, click] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
    const sold = { marketId: market, price: { amount: 30_000, currency: 'USD' } };
    await sam.api.call('POST', '/v1/asks', sold, { 'idempotency-key': 'one-trace', traceparent: `00-${traceId}-${click}-01` });
    await story.settled();

    const named = (name: string) => collector.of(traceId).find((span) => nameOf(span) === name);
    await until(() => `the whole road is collected: ${collector.of(traceId).map(nameOf).join(', ')}`, ARRIVAL_MS_MAX, () => road.every(([name]) => named(name)));
    const idOf = (name: string) => (name === 'the click' ? click : named(name)?.spanId);
    expect(road.map(([name]) => [name, named(name)?.parentSpanId])).toEqual(road.map(([name, cause]) => [name, idOf(cause)]));
    const known = new Set([click, ...collector.of(traceId).map(({ spanId }) => spanId)]);
    expect(collector.of(traceId).filter(({ parentSpanId }) => !known.has(parentSpanId)).map(nameOf)).toEqual([]);
    expect(collector.of(traceId).filter(({ error }) => error !== undefined)).toEqual([]);
  });

  it('says of a refused request what it was refused with, and names nobody', async () => {
    const before = collector.spans.length;
    await story.admin.api.get('/v1/orders/ord_01h455vb4pex5vsknk084sn02q').catch(() => undefined);
    const refused = () => collector.spans.slice(before).find(({ name }) => name === 'exchange.order.v1.OrderService/GetOrder');
    await until('the refusal is collected', ARRIVAL_MS_MAX, refused);
    expect(refused()).toMatchObject({ service: 'order', error: 'order.not_found' });
    expect(JSON.stringify(collector.spans)).not.toMatch(/@example\.com|usr_|Bearer|eyJ/);
  });
});

function nameOf({ service, name }: Seen): string {
  return `${service}: ${name}`;
}
