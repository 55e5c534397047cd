import type { MessageInitShape } from '@bufbuild/protobuf';
import type { QuoteSchema, WatchUserQuotesRequest, WatchUserQuotesResponseSchema } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import type { OrderSchema, WatchUserOrdersResponseSchema } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { Metrics } from '@libs/chassis/metrics';
import { AppError, type ErrorCode } from '@libs/kernel/app-error';
import { until } from '@libs/testing/exchange-process';
import { Observable, Subject } from 'rxjs';
import { LiveClient, WAIT_MS } from './live-client';
import { accessToken, idOf } from './session-keys';
import { ask, type RunningGateway, startGateway } from './start-gateway';

type Quote = MessageInitShape<typeof QuoteSchema>;
type Order = MessageInitShape<typeof OrderSchema>;
type Wanted = Pick<WatchUserQuotesRequest, 'watch' | 'unwatch'>;

/** The far end of a stream: whom the gateway wants to hear of, and what it is told. */
class FarEnd<Told> {
  readonly watched: string[] = [];
  opened = 0;
  /** Whether it says by itself that it hears. */
  isAttentive = true;
  private told = new Subject<Told>();

  constructor(private readonly readAgain: (userIds: string[]) => Told) {}

  readonly open = (wanted: Observable<Wanted>): Observable<Told> =>
    new Observable((subscriber) => {
      this.opened += 1;
      this.watched.splice(0);
      const told = new Subject<Told>();
      this.told = told;
      subscriber.add(told.subscribe(subscriber));
      subscriber.add(wanted.subscribe(({ watch, unwatch }) => {
        for (const id of unwatch) this.watched.splice(this.watched.indexOf(id), 1);
        this.watched.push(...watch);
        if (this.isAttentive && watch.length > 0) told.next(this.readAgain(watch));
      }));
    });

  tell(told: Told): void {
    this.told.next(told);
  }

  breaks(): void {
    this.told.error(new AppError('unavailable', 'rpc.unavailable', 'The link broke.'));
  }
}

describe('one\'s own quotes and orders, live', () => {
  const quotes = new FarEnd<MessageInitShape<typeof WatchUserQuotesResponseSchema>>((readAgain) => ({ readAgain }));
  const orders = new FarEnd<MessageInitShape<typeof WatchUserOrdersResponseSchema>>((readAgain) => ({ readAgain }));
  /** What the services would answer. */
  let stored: { bids: Quote[]; orders: Order[] };
  let reads: { bids: number; orders: number };
  let refusal: ErrorCode | undefined;
  let gateway: RunningGateway;
  const clients: LiveClient[] = [];
  let people = 0;

  beforeAll(async () => {
    gateway = await startGateway({
      env: { WS_SOCKETS_PER_IP: '50' },
      bidding: {
        watchUserQuotes: quotes.open,
        getMyBids: async () => {
          reads.bids += 1;
          if (refusal) throw new AppError('unavailable', refusal, 'Later.');
          return { bids: stored.bids };
        },
        getMyAsks: async () => ({ asks: [] }),
      },
      order: {
        watchUserOrders: orders.open,
        getOrders: async () => {
          reads.orders += 1;
          return { orders: stored.orders };
        },
      },
    });
    await until('the streams are open', WAIT_MS, () => quotes.opened > 0 && orders.opened > 0);
  });
  beforeEach(() => {
    stored = { bids: [], orders: [] };
    reads = { bids: 0, orders: 0 };
    refusal = undefined;
    quotes.isAttentive = true;
  });
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.terminate();
    await until('nobody is watched', WAIT_MS, () => quotes.watched.length === 0 && orders.watched.length === 0);
  });
  afterAll(() => gateway.stop());

  const at = { seconds: 1n };
  const bid = (n: number, status: string, seq: number, userId = ''): Quote => ({ id: idOf('bid', n), userId, side: 'bid', marketId: idOf('mkt', 1), price: { currency: 'USD', minor: 1n }, status, expiresAt: at, placedAt: at, seq: BigInt(seq) });
  const order = (n: number, status: string, revision: number): Order => ({ id: idOf('ord', n), status, price: { currency: 'USD', minor: 1n }, createdAt: at, updatedAt: at, version: 1n, revision: BigInt(revision) });

  const person = () => {
    people += 1;
    return { id: idOf('usr', people), token: accessToken({ n: people }) };
  };
  /** Signed in on a socket of their own, and watching. */
  async function watching({ token }: { token: string }, channel: 'user:quotes' | 'user:orders') {
    const client = await LiveClient.connect(gateway.url);
    clients.push(client);
    client.say({ op: 'auth', ticket: String((await ask(gateway.url, 'POST', '/v1/ws/tickets', { token })).body.ticket) });
    client.say({ op: 'subscribe', id: 7, ch: channel });
    const snapshot = await client.heard('snapshot', channel);
    return { client, snapshot: snapshot.d as unknown[], changes: () => client.frames.filter(({ t }) => t === 'change').flatMap(({ d }) => d as { id: string; status: string }[]) };
  }
  const statusesOf = (changes: { status: string }[]) => changes.map(({ status }) => status);

  it('are pushed: nobody asks for them again', async () => {
    const ann = person();
    stored.bids = [bid(1, 'active', 1)];
    stored.orders = [order(1, 'pending', 1)];
    const [own, bought] = [await watching(ann, 'user:quotes'), await watching(ann, 'user:orders')];
    expect([own.snapshot, bought.snapshot]).toMatchObject([[{ id: idOf('bid', 1), side: 'bid', status: 'active' }], [{ id: idOf('ord', 1), status: 'pending' }]]);
    quotes.tell({ quotes: [bid(1, 'matched', 2, ann.id)] });
    orders.tell({ orders: [{ userId: ann.id, order: order(1, 'confirmed', 2) }, { userId: ann.id, order: order(2, 'pending', 1) }] });
    expect((await own.client.heard('change', 'user:quotes')).d).toMatchObject([{ id: idOf('bid', 1), status: 'matched' }]);
    await until('both orders are told', WAIT_MS, () => bought.changes().length === 2);
    expect(statusesOf(bought.changes())).toEqual(['confirmed', 'pending']);
    expect(reads).toEqual({ bids: 1, orders: 1 });
  });

  it('say to the operator how long a change took from its commit, once however many sockets it goes to', async () => {
    const ann = person();
    const [first, second] = [await watching(ann, 'user:quotes'), await watching(ann, 'user:quotes')];
    const hundredsOfSeconds = async () => /^feed_end_to_end_seconds_sum\{.*kind="user:quotes".*\} (\d+)\d\d(\.|$)/m.exec(await gateway.service.app.get(Metrics).text())?.[1];
    quotes.tell({ quotes: [bid(1, 'active', 1, ann.id)], committedAtMs: BigInt(Date.now() - 300_000) });
    await Promise.all([first, second].map(({ client }) => client.heard('change')));
    expect(await hundredsOfSeconds()).toBe('3');
    quotes.tell({ quotes: [bid(2, 'active', 2, person().id)], committedAtMs: BigInt(Date.now() - 300_000) }); // Nobody watches it.
    quotes.tell({ quotes: [bid(1, 'cancelled', 3, ann.id)] }); // Of a service that does not say when.
    await first.client.heard('change', undefined, 2);
    expect(await hundredsOfSeconds()).toBe('3');
  });

  it('are looked up once for all of a user\'s sockets, and a later one is shown what was pushed', async () => {
    const ann = person();
    stored.bids = [bid(1, 'active', 1)];
    const first = await watching(ann, 'user:quotes');
    quotes.tell({ quotes: [bid(1, 'matched', 2, ann.id), bid(2, 'active', 3, ann.id)] });
    await first.client.heard('change');
    const second = await watching(ann, 'user:quotes');
    expect(second.snapshot).toMatchObject([{ id: idOf('bid', 2), status: 'active' }, { id: idOf('bid', 1), status: 'matched' }]);
    quotes.tell({ quotes: [bid(2, 'cancelled', 4, ann.id)] });
    await Promise.all([first.client.heard('change', undefined, 2), second.client.heard('change')]);
    expect(reads.bids).toBe(1);
  });

  it('are one\'s own alone', async () => {
    const [ann, eve] = [person(), person()];
    const [own, eves] = [await watching(ann, 'user:quotes'), await watching(eve, 'user:quotes')];
    quotes.tell({ quotes: [bid(1, 'active', 1, ann.id)] });
    quotes.tell({ quotes: [bid(2, 'active', 2, eve.id)] });
    await Promise.all([own.client.heard('change'), eves.client.heard('change')]);
    expect([own.changes().map(({ id }) => id), eves.changes().map(({ id }) => id)]).toEqual([[idOf('bid', 1)], [idOf('bid', 2)]]);
  });

  it('never go back: what is older than what was shown is left out, whichever way it came', async () => {
    const ann = person();
    stored.bids = [bid(1, 'matched', 5)];
    const own = await watching(ann, 'user:quotes');
    quotes.tell({ quotes: [bid(1, 'active', 4, ann.id)] });
    quotes.tell({ quotes: [bid(1, 'active', 6, ann.id), bid(1, 'cancelled', 7, ann.id)] });
    stored.bids = [bid(1, 'active', 6), bid(2, 'active', 6)];
    quotes.tell({ readAgain: [ann.id] });
    await until('the second is told', WAIT_MS, () => own.changes().some(({ id }) => id === idOf('bid', 2)));
    expect(own.changes().map(({ id, status }) => `${id === idOf('bid', 1) ? 'first' : 'second'} ${status}`)).toEqual(['first cancelled', 'second active']);
  });

  it('what a broken stream did not tell is read and told when there is a new one, and nothing twice', async () => {
    const ann = person();
    stored.bids = [bid(1, 'active', 1), bid(2, 'active', 2)];
    const own = await watching(ann, 'user:quotes');
    const opened = quotes.opened;
    quotes.breaks();
    stored.bids = [bid(1, 'matched', 3), bid(2, 'active', 3)];
    expect((await own.client.heard('change')).d).toMatchObject([{ id: idOf('bid', 1), status: 'matched' }]);
    expect([quotes.opened, quotes.watched]).toEqual([opened + 1, [ann.id]]);
    quotes.tell({ quotes: [bid(1, 'matched', 3, ann.id), bid(2, 'expired', 4, ann.id)] });
    expect((await own.client.heard('change', undefined, 2)).d).toMatchObject([{ id: idOf('bid', 2), status: 'expired' }]);
    expect(own.changes()).toHaveLength(2);
  });

  it.each([['rpc.circuit_open', 'info'], ['bidding.retry', 'warn']] as const)('are read again until that works, and the operator is told (%s) of it as %s, once', async (code, level) => {
    const told = () => gateway.service.logs.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === 'what a user owns could not be read again; it will be tried again').map((line) => line['level']);
    const before = told().length;
    const ann = person();
    stored.bids = [bid(1, 'active', 1)];
    const own = await watching(ann, 'user:quotes');
    refusal = code;
    quotes.tell({ readAgain: [ann.id] });
    await until('it was tried twice', WAIT_MS, () => reads.bids >= 4);
    stored.bids = [bid(1, 'expired', 2)];
    refusal = undefined;
    expect((await own.client.heard('change')).d).toMatchObject([{ status: 'expired' }]);
    expect(told().slice(before)).toEqual([level]);
  });

  it('are shown even while the service does not say that it hears, and read again when it does', async () => {
    const ann = person();
    quotes.isAttentive = false;
    stored.bids = [bid(1, 'active', 1)];
    const own = await watching(ann, 'user:quotes');
    expect(own.snapshot).toMatchObject([{ status: 'active' }]);
    stored.bids = [bid(1, 'matched', 2)];
    quotes.tell({ readAgain: [ann.id] });
    expect((await own.client.heard('change')).d).toMatchObject([{ status: 'matched' }]);
  });

  it('answer with the problem when there is nothing to show, and work when it is over', async () => {
    const ann = person();
    const client = await LiveClient.connect(gateway.url);
    clients.push(client);
    client.say({ op: 'auth', ticket: String((await ask(gateway.url, 'POST', '/v1/ws/tickets', { token: ann.token })).body.ticket) });
    refusal = 'bidding.retry';
    client.say({ op: 'subscribe', ch: 'user:quotes' });
    expect((await client.heard('error')).problem).toMatchObject({ code: 'bidding.retry' });
    await until('nobody is watched', WAIT_MS, () => quotes.watched.length === 0);
    refusal = undefined;
    client.say({ op: 'subscribe', ch: 'user:quotes' });
    expect((await client.heard('snapshot')).d).toEqual([]);
  });

  it('are told to the service no longer than somebody watches', async () => {
    const ann = person();
    const [first, second] = [await watching(ann, 'user:quotes'), await watching(ann, 'user:quotes')];
    expect(quotes.watched).toEqual([ann.id]);
    first.client.say({ op: 'unsubscribe', id: 8, ch: 'user:quotes' });
    await until('it is done', WAIT_MS, () => first.client.frames.some(({ t, id }) => t === 'ack' && id === 8));
    quotes.tell({ quotes: [bid(1, 'active', 1, ann.id)] });
    await second.client.heard('change');
    expect([quotes.watched, first.changes()]).toEqual([[ann.id], []]);
    second.client.socket.close();
    await until('nobody is watched', WAIT_MS, () => quotes.watched.length === 0);
  });
});
