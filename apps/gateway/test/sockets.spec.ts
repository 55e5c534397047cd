import type { MessageInitShape } from '@bufbuild/protobuf';
import type { GetOrderBookResponseSchema, WatchMarketsResponseSchema } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { Metrics } from '@libs/chassis/metrics';
import { AppError } from '@libs/kernel/app-error';
import { until } from '@libs/testing/exchange-process';
import { Subject } from 'rxjs';
import { Sockets } from '../src/realtime/sockets';
import { LiveClient, WAIT_MS } from './live-client';
import { accessToken, idOf, ses } from './session-keys';
import { ask, type RunningGateway, startGateway } from './start-gateway';

const MARKET = idOf('mkt', 1);

const update = (seq: number, more: { committedAtMs?: bigint; state?: string; epoch?: bigint; highestBidMinor?: bigint; bidChanges?: ReturnType<typeof level>[]; askChanges?: ReturnType<typeof level>[] } = {}) => ({ updates: [{ marketId: MARKET, seq: BigInt(seq), epoch: 3n, state: 'open', lowestAskMinor: 46_000n, numberOfAsks: 1, ...more }] });
const level = (price: number, quotes: number) => ({ priceMinor: BigInt(price), quotes });

describe('live updates', () => {
  const stream = () => new Subject<MessageInitShape<typeof WatchMarketsResponseSchema>>();
  let changes = stream();
  let lastSaleMinor = 44_000n;
  let book: MessageInitShape<typeof GetOrderBookResponseSchema>;
  let orders: { id: string; status: string; version: bigint }[] = [];
  let gateway: RunningGateway;
  const clients: LiveClient[] = [];
  const connect = async (headers?: Record<string, string>) => {
    const client = await LiveClient.connect(gateway.url, headers);
    clients.push(client);
    return client;
  };
  const ticketOf = async (token: string) => String((await ask(gateway.url, 'POST', '/v1/ws/tickets', { token })).body.ticket);

  const delays = async () => {
    const text = await gateway.service.app.get(Metrics).text();
    return Object.fromEntries([...text.matchAll(/^feed_end_to_end_seconds_(count|sum)\{.*?kind="([^"]*)".*?\} (\S+)$/gm)].map(([, what, kind, value]) => [`${what} ${kind}`, Number(value)]));
  };

  beforeAll(async () => {
    gateway = await startGateway({
      env: { WS_SOCKETS_PER_USER: '2', WS_SOCKETS_PER_IP: '6' },
      bidding: {
        watchMarkets: () => changes,
        getOrderBook: async ({ marketId }) => {
          if (marketId !== MARKET) throw new AppError('not_found', 'bidding.market_not_found', 'There is no such market.');
          return book;
        },
        getMarketData: async () => ({ markets: [{ marketId: MARKET, productId: idOf('prd', 1), state: 'open', currency: 'USD', lastSaleMinor, spreadMinor: 2_000n, seq: 10n }] }),
        getMyBids: async (_request, { user }) => ({ bids: user ? [{ id: idOf('bid', 1), side: 'bid', marketId: MARKET, price: { currency: 'USD', minor: 1n }, expiresAt: { seconds: 1n }, placedAt: { seconds: 1n } }] : [] }),
        getMyAsks: async () => ({ asks: [] }),
      },
      order: { getOrders: async () => ({ orders: orders.map((order) => ({ ...order, price: { currency: 'USD', minor: 1n }, createdAt: { seconds: 1n }, updatedAt: { seconds: 1n } })) }) },
    });
  });
  beforeEach(() => {
    book = { marketId: MARKET, seq: 10n, epoch: 3n, state: 'open', bids: [level(44_000, 2)], asks: [level(46_000, 1), level(47_000, 5)] };
  });
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.terminate();
    await until(() => 'the gateway has seen them go', WAIT_MS, async () => Reflect.get(gateway.service.app.get(Sockets), 'connections').size === 0);
  });
  afterAll(() => gateway.stop());

  it('begin with the book as it is, and go on with what has changed', async () => {
    const client = await connect();
    client.say({ op: 'subscribe', id: 1, ch: `book:${MARKET}` });
    expect((await client.heard('snapshot')).d).toEqual({ seq: 10, epoch: 3, state: 'open', bids: [[44_000, 2]], asks: [[46_000, 1], [47_000, 5]] });
    expect((await client.heard('ack')).id).toBe(1);
    // The first message of a stream has the book read again, since what came before it was not heard.
    book = { ...book, seq: 11n };
    changes.next(update(11));
    await client.heard('snapshot', `book:${MARKET}`, 2);
    changes.next(update(12, { bidChanges: [level(44_500, 1)] }));
    changes.next(update(14, { bidChanges: [level(44_000, 0)], askChanges: [level(46_000, 2)], state: 'halted' }));
    changes.next(update(13, { bidChanges: [level(1, 1)] }));
    expect((await client.heard('delta')).d).toEqual({ prev: 11, seq: 14, epoch: 3, state: 'halted', bids: [[44_500, 1], [44_000, 0]], asks: [[46_000, 2]] });
    const late = await connect();
    late.say({ op: 'subscribe', ch: `book:${MARKET}` });
    expect((await late.heard('snapshot')).d).toMatchObject({ seq: 14, bids: [[44_500, 1]], asks: [[46_000, 2], [47_000, 5]] });
  });

  it('say to the operator how long they take from the commit to the socket, the oldest change of a frame counting', async () => {
    const [reader, watcher] = [await connect(), await connect()];
    const secondsAgo = (seconds: number) => BigInt(Date.now() - seconds * 1_000);
    const bothHave = (seq: number) => until(`both have ${seq}`, WAIT_MS, () => [reader, watcher].every(({ frames }) => frames.some(({ d }) => d?.seq === seq)));
    reader.say({ op: 'subscribe', ch: `book:${MARKET}` });
    watcher.say({ op: 'subscribe', ch: `ticker:${MARKET}` });
    await Promise.all([reader.heard('ack'), watcher.heard('ack')]);
    book = { ...book, seq: 11n }; // Read anew if this is the first message of the stream.
    changes.next(update(11));
    await bothHave(11);
    const before = await delays();
    const [older, newer] = [update(12, { committedAtMs: secondsAgo(100), bidChanges: [level(44_500, 1)] }), update(13, { committedAtMs: secondsAgo(50), bidChanges: [level(44_500, 2)] })];
    changes.next({ updates: [...older.updates, ...newer.updates] });
    await bothHave(13);
    changes.next(update(14, { bidChanges: [level(44_500, 3)] })); // Its age is not known.
    await bothHave(14);
    const after = await delays();
    for (const kind of ['book', 'ticker']) {
      expect((after[`count ${kind}`] ?? 0) - (before[`count ${kind}`] ?? 0)).toBe(1);
      expect(Math.floor(((after[`sum ${kind}`] ?? 0) - (before[`sum ${kind}`] ?? 0)) / 10)).toBe(10);
    }
  });

  it('begin again when the book was made anew', async () => {
    const client = await connect();
    client.say({ op: 'subscribe', ch: `book:${MARKET}` });
    await client.heard('snapshot');
    book = { ...book, seq: 11n }; // Read anew if this is the first message of the stream.
    changes.next(update(11));
    await until('the stream is heard', WAIT_MS, () => client.frames.some(({ d }) => d?.seq === 11));
    book = { ...book, seq: 20n, epoch: 4n, bids: [] };
    changes.next(update(21, { epoch: 4n, askChanges: [level(46_000, 0)] }));
    await until(() => 'the new book is there', WAIT_MS, async () => client.frames.some(({ t, d }) => t === 'snapshot' && d?.epoch === 4));
    expect(await gateway.service.app.get(Metrics).text()).toMatch(/^ws_resyncs_total\{.*reason="rebuilt".*\} 1$/m);
  });

  it('begin again, books and tickers, when bidding ends the stream: changes may have been missed, and none need come that corrects them', async () => {
    const client = await connect();
    for (const ch of [`book:${MARKET}`, `ticker:${MARKET}`]) client.say({ op: 'subscribe', ch });
    await client.heard('ack', undefined, 2);
    const ended = changes;
    changes = stream();
    [book, lastSaleMinor] = [{ ...book, seq: 15n }, 45_000n];
    ended.complete();
    const isTold = (kind: string, is: (d: Record<string, unknown>) => boolean) => client.frames.some(({ ch, t, d }) => ch === `${kind}:${MARKET}` && t === 'snapshot' && d !== undefined && is(d));
    await until('both are told anew', WAIT_MS, () => isTold('book', ({ seq }) => seq === 15) && isTold('ticker', ({ lastSale }) => (lastSale as { amount: number }).amount === 45_000));
    lastSaleMinor = 44_000n;
  });

  it('tell the top of a market to whoever wants no more', async () => {
    const client = await connect();
    client.say({ op: 'subscribe', ch: `ticker:${MARKET}` });
    const { d } = await client.heard('snapshot');
    expect([d, Object.keys(d ?? {})]).toEqual([expect.objectContaining({ lastSale: { amount: 44_000, currency: 'USD' } }), expect.not.arrayContaining(['spread'])]); // No change would correct it.
    changes.next(update(30, { highestBidMinor: 45_000n }));
    expect((await client.heard('state')).d).toEqual({ seq: 30, epoch: 3, state: 'open', lowestAsk: 46_000, highestBid: 45_000, numberOfAsks: 1, numberOfBids: 0 });
    client.say({ op: 'unsubscribe', id: 9, ch: `ticker:${MARKET}` });
    await client.heard('ack', undefined, 2);
    expect(Reflect.get(Reflect.get(gateway.service.app.get(Sockets), 'room').markets, 'markets').size).toBe(0);
  });

  it('show one\'s own quotes and orders for a ticket, which is good once', async () => {
    const ticket = await ticketOf(accessToken({ n: 1 }));
    const client = await connect();
    client.say({ op: 'subscribe', id: 1, ch: 'user:orders' });
    expect((await client.heard('error')).problem).toMatchObject({ code: 'gateway.ticket_missing', status: 401 });
    client.say({ op: 'auth', id: 2, ticket });
    orders = [{ id: idOf('ord', 1), status: 'pending', version: 1n }];
    client.say({ op: 'subscribe', id: 3, ch: 'user:orders' });
    client.say({ op: 'subscribe', id: 4, ch: 'user:quotes' });
    expect((await client.heard('snapshot', 'user:orders')).d).toMatchObject([{ id: idOf('ord', 1), status: 'pending' }]);
    expect((await client.heard('snapshot', 'user:quotes')).d).toMatchObject([{ id: idOf('bid', 1), side: 'bid' }]);
    const thief = await connect();
    thief.say({ op: 'auth', ticket });
    expect((await thief.heard('error')).problem).toMatchObject({ code: 'gateway.ticket_invalid' });
  });

  it('end with 4401 when the session ends (I1)', async () => {
    const token = accessToken({ n: 40 });
    const [client, other] = [await connect(), await connect()];
    client.say({ op: 'auth', ticket: await ticketOf(token) });
    other.say({ op: 'auth', ticket: await ticketOf(accessToken({ n: 41 })) });
    await Promise.all([client.heard('ack'), other.heard('ack')]);
    const unused = await ticketOf(token);
    gateway.revocations.next({ change: { case: 'revoked', value: { sessionId: ses(40) } } });
    await until(() => 'the socket is closed', WAIT_MS, async () => client.closedWith === 4401);
    expect(other.closedWith).toBeUndefined();
    const again = await connect();
    again.say({ op: 'auth', ticket: unused });
    expect((await again.heard('error')).problem).toMatchObject({ code: 'gateway.ticket_invalid' });
  });

  it.each([
    ['no JSON', 'hello', 'gateway.invalid_frame'],
    ['an unknown message', '{"op":"dance"}', 'gateway.invalid_frame'],
    ['an unknown field', `{"op":"subscribe","ch":"book:${MARKET}","depth":1}`, 'gateway.invalid_frame'],
    ['an unknown channel', '{"op":"subscribe","ch":"chat:1"}', 'gateway.channel_unknown'],
    ['a bad market', '{"op":"subscribe","ch":"book:mkt_1"}', 'gateway.channel_unknown'],
    ['a market that is not there', `{"op":"subscribe","ch":"book:${idOf('mkt', 2)}"}`, 'bidding.market_not_found'],
  ])('answer %s with a problem and go on', async (_what, text, code) => {
    const client = await connect();
    client.socket.send(text);
    expect((await client.heard('error')).problem).toMatchObject({ code });
    client.say({ op: 'ping', id: 5 });
    expect((await client.heard('pong')).id).toBe(5);
  });

  it('are for our own pages, few for each user and address', async () => {
    expect((await connect({ origin: 'https://evil.example' })).refusedWith).toBe(403);
    expect((await connect({ origin: 'http://localhost:8080' })).refusedWith).toBeUndefined();
    for (let i = 0; i < 3; i++) {
      const client = await connect();
      client.say({ op: 'auth', ticket: await ticketOf(accessToken({ n: 2 })) });
      if (i < 2) await client.heard('ack');
      else expect((await client.heard('error')).problem).toMatchObject({ code: 'gateway.too_many_sockets' });
    }
    await connect();
    await connect();
    expect((await connect()).refusedWith).toBe(429);
  });

  it('end for whoever sends too much, or too large', async () => {
    const [large, loud] = [await connect(), await connect()];
    large.socket.send('x'.repeat(4_097));
    await until(() => 'the large one is closed', WAIT_MS, async () => large.closedWith === 1009);
    for (let i = 0; i < 25; i++) loud.say({ op: 'ping' });
    await until(() => 'the loud one is closed', WAIT_MS, async () => loud.closedWith === 4429);
  });

  it('are told when the gateway stops, and keep it from nothing', async () => {
    const stopping = await startGateway();
    const client = await LiveClient.connect(stopping.url);
    // It does not answer the farewell: a server would wait half a minute for that.
    client.socket.pause();
    const begunMs = performance.now();
    await stopping.stop();
    expect(performance.now() - begunMs).toBeLessThan(20_000);
    client.socket.resume();
    await until(() => 'the farewell', WAIT_MS, async () => client.closedWith !== undefined);
    expect(client.frames).toEqual([{ t: 'bye', reconnectAfterMs: 1_000 }]);
  });
});
