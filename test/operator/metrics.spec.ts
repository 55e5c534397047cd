import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Api } from '@libs/client/api';
import { until } from '@libs/testing/exchange-process';
import { Story } from '@libs/testing/story';
import { watches } from '../journeys/watches';
import { readBy, recordingRules } from './recording-rules';
import { openSeriesIn, scrape, type Series, seriesIn } from './scrape';

/** Figures that are looked up now and then are as old as that. */
const LOOK_MS_MAX = 60_000;
const START_MS_MAX = 300_000;
const VALUES_OF_A_LABEL_MAX = 150;
const SHOWN_MAX = 4;

type Labels = Readonly<Record<string, string>>;
type Sense = (value: number) => boolean;

const some: Sense = (value) => value >= 1;
const none: Sense = (value) => value === 0;
const any: Sense = (value) => value >= 0;
const exactly = (wanted: number): Sense => (value) => value === wanted;

/** After one trade from bid to payout, with a cancel, a refused request and somebody who watches. */
const expected: readonly (readonly [name: string, labels: Labels, sense: Sense])[] = [
  ['http_server_request_duration_seconds_count', { route: '/v1/asks', method: 'POST', status: '201' }, some],
  ['http_server_request_duration_seconds_count', { route: '/v1/orders/{orderId}', status: '404' }, some],
  ['rpc_server_duration_seconds_count', { service: 'payment', method: 'ProcessPayment', code: 'ok' }, some],
  ['rpc_server_duration_seconds_count', { service: 'order', method: 'GetOrder', code: 'not_found' }, some],
  ['event_process_duration_seconds_count', { topic: 'matches.created', group: 'order', outcome: 'ok' }, some],
  ['bids_total', { result: 'active' }, some],
  ['asks_total', { result: 'matched' }, exactly(1)],
  ['bids_cancelled_total', { reason: 'user' }, exactly(1)],
  ['bids_expired_total', {}, none],
  ['matches_total', { category: 'sneakers' }, exactly(1)],
  ['match_latency_seconds_count', {}, some],
  ['engine_queue_depth', {}, any],
  ['book_orders', { side: 'bid' }, exactly(1)],
  ['book_orders', { side: 'ask' }, none],
  ['book_crossed_markets', {}, none],
  ['book_rebuild_seconds_count', {}, some],
  ['book_store_divergence_total', {}, none],
  ['market_state', { state: 'open' }, some],
  ['idempotency_replays_total', { service: 'bidding' }, exactly(2)],
  ['idempotency_replays_total', { service: 'payment' }, exactly(1)],
  ['idempotency_replays_total', { service: 'order' }, exactly(1)],
  ['idempotency_replays_total', { service: 'analytics' }, exactly(1)],
  ['idempotency_replays_total', { service: 'search' }, none],
  ['order_processing_duration_seconds_count', { from: 'pending', to: 'confirmed' }, exactly(1)],
  ['orders_in_state', { state: 'delivered' }, exactly(1)],
  ['saga_step_total', { saga: 'order', step: 'charge' }, some],
  ['saga_step_total', { saga: 'order', step: 'reserve_stock', outcome: 'done' }, exactly(1)],
  ['sagas_stuck', {}, none],
  ['payments_total', { op: 'capture' }, some],
  ['payouts_total', {}, some],
  ['escrow_held_minor', { currency: 'USD' }, none],
  ['ledger_imbalance_minor', { currency: 'USD' }, none],
  ['stripe_webhook_lag_seconds_count', {}, some],
  ['outbox_pending', { service: 'bidding' }, none],
  ['outbox_oldest_age_seconds', { service: 'order' }, none],
  ['outbox_published_total', { service: 'bidding', topic: 'matches.created' }, some],
  ['consumer_lag', { topic: 'matches.created', group: 'order' }, none],
  ['consumer_retries_total', { group: 'order' }, any],
  ['dedup_hits_total', { consumer: 'order' }, any],
  ['auth_tasks', { state: 'completed' }, exactly(1)],
  ['auth_task_age_seconds', {}, none],
  ['auth_decisions_total', { verdict: 'pass' }, exactly(1)],
  ['auth_sla_breaches_total', {}, none],
  ['auth_review_disagreements_total', {}, none],
  ['ws_connections', {}, exactly(1)],
  ['ws_subscriptions', {}, some],
  ['ws_frames_sent_total', { kind: 'snapshot' }, some],
  ['feed_end_to_end_seconds_count', { kind: 'user:quotes' }, some],
  ['ws_slow_resets_total', {}, none],
  ['ws_resyncs_total', { reason: 'stream' }, any],
  ['notifications_total', { channel: 'email', outcome: 'sent' }, some],
  ['search_index_lag_seconds', {}, any],
  ['search_degraded', {}, none],
  ['timeseries_write_failures_total', {}, none],
  ['cache_requests_total', { cache: 'search' }, some],
  ['circuit_state', { service: 'order', dependency: 'payment' }, none],
  ['db_pool_connections', { service: 'order', state: 'idle' }, any],
  ['nodejs_eventloop_lag_seconds', { quantile: '0.99' }, any],
  ['nodejs_active_resources', {}, some],
  ['build_info', { mode: 'one_process' }, exactly(1)],
];

const fits = ({ name, labels }: Series, wanted: string, these: Labels) => name === wanted && Object.entries(these).every(([key, value]) => labels[key] === value);

describe('what an exchange tells of itself', () => {
  let story: Story;
  let series: Series[];
  const unmet = () => expected.filter(([name, labels, sense]) => !series.some((one) => fits(one, name, labels) && sense(one.value)));

  beforeAll(async () => {
    story = await Story.begin();
    const [bea, sam] = [await story.buyer(), await story.seller()];
    const watching = await watches(bea);
    const { order } = await story.trade(bea, sam, 450);
    const task = await story.bringsIn(sam, order);
    await story.authenticators[0].inspects(task);
    await story.settled();
    const twice = async (api: Api, path: string, body: Parameters<Api['post']>[1]) => {
      for (const isReplay of [false, true]) {
        const { headers } = await api.call('POST', path, body, { 'idempotency-key': 'twice' });
        expect([path, headers.get('idempotent-replayed')]).toEqual([path, isReplay ? 'true' : null]);
      }
    };
    await twice(story.authenticators[0].person.api, `/v1/orders/${order.id}/ship-to-buyer`, {});
    await twice(bea.api, '/v1/payments/setup-intents', undefined);
    await twice(bea.api, '/v1/portfolio/import', { csv: 'market_id,cost,currency,acquired_on\n' });
    await story.world.scan((await bea.order(order.id)).outboundTracking ?? '', 'delivered');
    const market = await story.market();
    await bea.bids(market, 100, {}, 'again');
    await bea.bids(market, 100, {}, 'again');
    await bea.api.delete(`/v1/bids/${(await bea.bids(market, 101)).id}`);
    await twice(story.admin.api, `/v1/markets/${market}/halt`, { reason: 'a strange price' });
    await bea.api.get('/v1/orders/ord_01h455vb4pex5vsknk084sn02q').catch(() => undefined);
    await bea.api.get('/v1/catalog/search?q=aurora');
    await story.settled();
    const shown = ([name, labels]: readonly [string, Labels, Sense]) => `${name} ${JSON.stringify(labels)}: ${JSON.stringify(series.filter((one) => one.name === name).slice(0, SHOWN_MAX))}`;
    await until(() => `all figures make sense, but:\n${unmet().map(shown).join('\n')}`, LOOK_MS_MAX, async () => {
      series = await scrape(story.exchange.run.internal);
      return unmet().length === 0;
    });
    watching.leaves();
  }, START_MS_MAX);
  afterAll(() => story.end());

  it('has each figure that an operator needs, and each makes sense after one trade', () => {
    expect(unmet()).toEqual([]);
  });

  it('tells the same to whoever asks for OpenMetrics', async () => {
    const read = (url: string, accept: string) => fetch(`${url}/metrics`, { headers: { accept } });
    const namesOf = (found: readonly Series[]) => [...new Set(found.map(({ name, labels }) => `${name} ${Object.keys(labels).sort().join()}`))].sort();
    for (const url of Object.values(story.exchange.run.internal)) {
      const [open, plain] = [await read(url, 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2'), await read(url, 'text/plain')];
      expect([open, plain].map(({ headers }) => headers.get('content-type'))).toEqual(['application/openmetrics-text; version=1.0.0; charset=utf-8', 'text/plain; version=0.0.4; charset=utf-8']);
      const [openText, text] = [await open.text(), await plain.text()];
      expect(namesOf(openSeriesIn(openText))).toEqual(namesOf(seriesIn(text)));
      const families = [...openText.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
      expect(families.filter((name, i) => families.indexOf(name) !== i)).toEqual([]);
    }
  });

  it('has no label that grows with users, orders or markets', () => {
    const values = new Map<string, Set<string>>();
    for (const { name, labels } of series) for (const [key, value] of Object.entries(labels)) if (key !== 'le') values.set(`${name} ${key}`, (values.get(`${name} ${key}`) ?? new Set()).add(value));
    expect([...values].filter(([, found]) => found.size > VALUES_OF_A_LABEL_MAX).map(([label]) => label)).toEqual([]);
    const isId = (value: string) => /[a-z]{3}_[0-9a-z]{20,}|[0-9a-f]{8}-[0-9a-f]{4}-|@|\d{6,}/.test(value);
    expect([...values].filter(([, found]) => [...found].some(isId)).map(([label]) => label)).toEqual([]);
  });

  it('has what the recording rules read, with the labels by which they sum', () => {
    const rules = recordingRules();
    expect(rules.map(({ record, labels }) => `${record} ${labels?.quantile}`)).toEqual(['0.5', '0.95', '0.99'].map((quantile) => `order_processing_duration ${quantile}`));
    const unmet = rules.filter(({ expr }) => {
      const { series: names, labels } = readBy(expr);
      return names.length === 0 || labels.length === 0 || !names.every((name) => series.some((one) => one.name === name && labels.every((label) => label in one.labels)));
    });
    expect(unmet.map(({ expr }) => expr)).toEqual([]);
  });

  it('is described to operators, every figure of it', () => {
    const described = readFileSync(join(__dirname, '../../docs/operations.md'), 'utf8');
    const names = new Set(series.map(({ name }) => name.replace(/_(bucket|sum|count)$/, '')));
    expect([...names].filter((name) => !described.includes(`\`${name}`))).toEqual([]);
  });
});
