import { randomBytes } from 'node:crypto';
import { until } from '@libs/testing/exchange-process';
import { Story } from '@libs/testing/story';
import { Collector, type Seen } from './collector';

const START_MS_MAX = 240_000;
const ARRIVAL_MS_MAX = 45_000;

/** As OTLP counts them. */
const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;
const reserve = 'exchange.product.v1.ProductService/ReserveStock';
const charge = 'exchange.payment.v1.PaymentService/ProcessPayment';

/** The road of a trade, from the click on: each span, its kind, and the one that it was done for. */
const road: readonly (readonly [span: string, kind: keyof typeof kinds, cause: string])[] = [
  ['gateway: POST /v1/asks', 'server', 'the click'],
  ['gateway: trade placeAsk', 'client', 'gateway: POST /v1/asks'],
  ['bidding: trade placeAsk', 'server', 'gateway: trade placeAsk'],
  ['bidding: publish match.created', 'producer', 'bidding: trade placeAsk'],
  ['order: process match.created', 'consumer', 'bidding: trade placeAsk'],
  ['notification: process match.created', 'consumer', 'bidding: trade placeAsk'],
  ['order: saga reserve_stock', 'internal', 'order: process match.created'],
  [`order: ${reserve}`, 'client', 'order: saga reserve_stock'],
  [`product: ${reserve}`, 'server', `order: ${reserve}`],
  ['order: saga charge', 'internal', 'order: saga reserve_stock'],
  [`order: ${charge}`, 'client', 'order: saga charge'],
  [`payment: ${charge}`, 'server', `order: ${charge}`],
  ['payment: operation intent', 'internal', `payment: ${charge}`],
];

/** What each of the three durations shows of such a trade. */
const examples = [['gateway', 'http_server_request_duration_seconds'], ['order', 'event_process_duration_seconds'], ['payment', 'rpc_server_duration_seconds']] as const;

describe.each([['in one process', false], ['one process a service', true]])('a trade, %s', (_form, split) => {
  let collector: Collector;
  let story: Story;
  beforeAll(async () => {
    collector = await Collector.open();
    story = await Story.begin({ split, env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '100' } });
  }, START_MS_MAX);
  afterAll(async () => {
    await story.end();
    await collector.close();
  });

  it('is one trace from the request through calls, outbox, bus and consumers, and an example of what the metrics count', async () => {
    const [bea, sam, market] = [await story.buyer(), await story.seller(), await story.market()];
    await bea.bids(market, 300);
    const [traceId, click] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
    const sold = { marketId: market, price: { amount: 30_000, currency: 'USD' } };
    await sam.api.call('POST', '/v1/asks', sold, { 'idempotency-key': 'one-trace', traceparent: `00-${traceId}-${click}-01` });
    await story.settled();

    const named = (name: string) => collector.of(traceId).find((span) => nameOf(span) === name);
    await until(() => `the whole road is collected: ${collector.of(traceId).map(nameOf).join(', ')}`, ARRIVAL_MS_MAX, () => road.every(([name]) => named(name)));
    const idOf = (name: string) => (name === 'the click' ? click : named(name)?.spanId);
    expect(road.map(([name]) => [name, named(name)?.kind, named(name)?.parentSpanId])).toEqual(road.map(([name, kind, cause]) => [name, kinds[kind], idOf(cause)]));
    const announced = [{ traceId, spanId: idOf('bidding: trade placeAsk') }];
    expect(road.filter(([, kind]) => kind === 'consumer').map(([name]) => named(name)?.links)).toEqual([announced, announced]);
    expect(named(`order: ${charge}`)?.attributes).toEqual({ 'rpc.system': 'grpc', 'rpc.service': 'exchange.payment.v1.PaymentService', 'rpc.method': 'ProcessPayment', 'rpc.grpc.status_code': 0 });
    expect(await Promise.all(examples.map(([service, histogram]) => isExampleOf(service, histogram, traceId)))).toEqual([true, true, true]);
    const onStream = { 'rpc.system': 'grpc', 'rpc.service': 'exchange.bidding.v1.BiddingService', 'rpc.method': 'Trade', 'bx.command': 'placeAsk' };
    expect(['gateway', 'bidding'].map((side) => named(`${side}: trade placeAsk`)?.attributes)).toEqual([onStream, onStream]);
    const told = { 'messaging.system': 'pairwise', 'messaging.destination.name': 'matches.created' };
    expect(['bidding: publish match.created', 'order: process match.created'].map((name) => named(name)?.attributes)).toMatchObject([
      { ...told, 'messaging.operation.name': 'publish', 'messaging.operation.type': 'send' },
      { ...told, 'messaging.operation.name': 'process', 'messaging.operation.type': 'process', 'messaging.consumer.group.name': 'order' },
    ]);
    const known = new Set([click, ...collector.of(traceId).map(({ spanId }) => spanId)]);
    expect(collector.of(traceId).filter(({ parentSpanId }) => !known.has(parentSpanId)).map(nameOf)).toEqual([]);
    expect(collector.of(traceId).filter(({ error }) => error !== undefined)).toEqual([]);
  });

  async function isExampleOf(service: string, histogram: string, traceId: string): Promise<boolean> {
    const answer = await fetch(`${story.exchange.run.internal[service]}/metrics`, { headers: { accept: 'application/openmetrics-text' } });
    return (await answer.text()).split('\n').some((line) => line.startsWith(`${histogram}_bucket`) && line.includes(`# {trace_id="${traceId}"}`));
  }

  it('says of a refused request what it was refused with, and names nobody (I5)', async () => {
    const before = collector.spans.length;
    await story.admin.api.get('/v1/orders/ord_01h455vb4pex5vsknk084sn02q').catch(() => undefined);
    const refused = (by: string) => collector.spans.slice(before).find(({ service, name }) => service === by && name === 'exchange.order.v1.OrderService/GetOrder');
    await until('the refusal is collected', ARRIVAL_MS_MAX, () => refused('order') && refused('gateway'));
    for (const by of ['order', 'gateway']) expect(refused(by)).toMatchObject({ error: 'order.not_found', attributes: { 'rpc.grpc.status_code': 5 } });
    expect(JSON.stringify(collector.spans)).not.toMatch(/@example\.com|usr_|Bearer|eyJ/);
  });

  it('is recorded by nobody when whoever began it does not want that', async () => {
    const [bea, market] = [await story.buyer(), await story.market()];
    const [unwanted, wanted] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
    const bid = { marketId: market, price: { amount: 30_000, currency: 'USD' } };
    for (const [traceId, flags] of [[unwanted, '00'], [wanted, '01']]) {
      await bea.api.call('POST', '/v1/bids', bid, { 'idempotency-key': `of-${traceId}`, traceparent: `00-${traceId}-${'1'.repeat(16)}-${flags}` });
    }
    await story.settled();
    await until('the other one is collected', ARRIVAL_MS_MAX, () => ['gateway: POST /v1/bids', 'bidding: publish bid.placed', 'notification: process bid.placed'].every((name) => collector.of(wanted).some((span) => nameOf(span) === name)));
    expect(collector.of(unwanted)).toEqual([]);
  });
});

function nameOf({ service, name }: Seen): string {
  return `${service}: ${name}`;
}
