import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AnswerSchema, Command, TradeRequest, TradeResponseSchema } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { armFailpoint } from '@libs/kernel/failpoint';
import { until } from '@libs/testing/exchange-process';
import { type Observable, ReplaySubject } from 'rxjs';
import { TradeStream } from '../src/trade/trade-stream';
import { accessToken, idOf, ses, usr } from './session-keys';
import { ask, type RunningGateway, startGateway } from './start-gateway';

const PATIENCE_MS = 30_000;

type Answers = ReplaySubject<MessageInitShape<typeof TradeResponseSchema>>;
type Outcome = MessageInitShape<typeof AnswerSchema>['outcome'];

/** Bidding as the test plays it: what came on each stream, and the other end of it. */
class Market {
  readonly messages: Command[][] = [];
  answers: Answers = new ReplaySubject();
  opened = 0;
  onCommands: (commands: Command[]) => void = () => undefined;

  trade = (requests: Observable<TradeRequest>) => {
    this.opened += 1;
    const answers: Answers = new ReplaySubject();
    this.answers = answers;
    requests.subscribe(({ commands }) => {
      this.messages.push(commands);
      this.onCommands(commands);
    });
    return answers;
  };

  answer(ref: bigint, outcome: Outcome): void {
    this.answers.next({ answers: [{ ref, outcome }] });
  }
}

const quote = (n: number, minor = 45_000) => ({ id: idOf('bid', n), marketId: idOf('mkt', 1), price: { currency: 'USD', minor: BigInt(minor) }, status: 'active', expiresAt: { seconds: 1_800_000_000n }, placedAt: { seconds: 1_790_000_000n }, userId: usr(1), priority: 7n, version: 4n });
const placed = (n: number, more: object = {}): Outcome => ({ case: 'placedBid', value: { bid: quote(n), bookSeq: 12n, ...more } });
const body = (amount = 45_000) => ({ marketId: idOf('mkt', 1), price: { amount, currency: 'USD' } });

describe('commands to the market', () => {
  const market = new Market();
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway({ bidding: { trade: market.trade } });
  });
  afterAll(() => gateway.stop());
  beforeEach(() => {
    market.messages.length = 0;
    market.onCommands = () => undefined;
  });

  const bid = (key: string, amount?: number, token = accessToken(), { url } = gateway) => ask(url, 'POST', '/v1/bids', { token, key, body: body(amount) });

  it('name their caller, key, trace and deadline, and are answered with the quote', async () => {
    market.onCommands = ([command]) => command && market.answer(command.ref, placed(1));
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const { status, headers, body: answer } = await ask(gateway.url, 'POST', '/v1/bids', { token: accessToken({ n: 5 }), key: 'k-1', body: { ...body(), expiresInDays: 3, paymentMethodId: idOf('pm', 2), addressVersionId: idOf('adv', 3) }, headers: { traceparent: `00-${trace}-b7ad6b7169203331-01`, 'x-request-id': 'mine' } });
    const command = market.messages[0]?.[0];
    expect(command).toMatchObject({ caller: { userId: usr(5), sessionId: ses(5) }, command: { case: 'placeBid', value: { marketId: idOf('mkt', 1), price: { minor: 45_000n, currency: 'USD' }, expiresInDays: 3, paymentMethodId: idOf('pm', 2), addressVersionId: idOf('adv', 3), idempotencyKey: 'k-1' } } });
    expect(command?.traceparent).toContain(trace);
    expect(Number(command?.deadlineMs)).toBeGreaterThan(1_700_000_000_000);
    expect([status, headers.get('location'), headers.get('etag'), headers.get('cache-control'), headers.get('x-request-id')]).toEqual([201, `/v1/bids/${idOf('bid', 1)}`, '"4"', 'no-store', 'mine']);
    expect(answer).toEqual({ id: idOf('bid', 1), marketId: idOf('mkt', 1), price: { amount: 45_000, currency: 'USD' }, status: 'active', immediate: false, expiresAt: '2027-01-15T08:00:00.000Z', placedAt: '2026-09-21T14:13:20.000Z', version: 4, bookSeq: 12 });
  });

  it('say what they met, and that an answer is an earlier one', async () => {
    market.onCommands = ([command]) => command && market.answer(command.ref, placed(1, { replayed: true, match: { id: idOf('mtc', 1), price: { currency: 'USD', minor: 44_000n } } }));
    const { headers, body: answer } = await bid('k-2');
    expect(headers.get('idempotent-replayed')).toBe('true');
    expect(answer.match).toEqual({ id: idOf('mtc', 1), price: { amount: 44_000, currency: 'USD' } });
  });

  it.each([undefined, 'http://localhost:8080', 'https://evil.example'])('are answered with the headers that every other answer has, to scripts of %p', async (origin) => {
    market.onCommands = ([command]) => command && market.answer(command.ref, placed(1));
    const headers: Record<string, string> = origin === undefined ? {} : { origin };
    const ofBid = (await ask(gateway.url, 'POST', '/v1/bids', { token: accessToken(), key: `h-${origin}`, body: body(), headers })).headers;
    const ofAnother = (await ask(gateway.url, 'GET', '/v1/me', { token: accessToken(), headers })).headers;
    const shared = [...ofAnother.keys()].filter((name) => /^(access-control|content-security|referrer|strict|vary|x-content|x-frame|origin|cross)/.test(name));
    expect(shared.length).toBeGreaterThan(6);
    for (const name of shared) expect([name, ofBid.get(name)]).toEqual([name, ofAnother.get(name)]);
    expect([...ofBid.keys()].filter((name) => name.startsWith('access-control'))).toEqual([...ofAnother.keys()].filter((name) => name.startsWith('access-control')));
    expect(ofBid.get('cache-control')).toBe('no-store');
  });

  it('cost one token each', async () => {
    market.onCommands = ([command]) => command && market.answer(command.ref, placed(1));
    const { headers } = await bid('once', 45_000, accessToken({ n: 77 }));
    expect(headers.get('ratelimit')).toBe('"trading";r=999999;t=0');
  });

  it('find each its own answer, whatever the order', async () => {
    market.onCommands = () => {
      const all = market.messages.flat();
      if (all.length < 24) return;
      market.answers.next({ answers: all.reverse().map(({ ref, command }) => ({ ref, outcome: command.case === 'placeBid' ? { case: 'placedBid' as const, value: { bid: quote(1, Number(command.value.price?.minor)), bookSeq: 1n } } : { case: undefined } })) });
    };
    const amounts = Array.from({ length: 24 }, (_, i) => 1_000 + i);
    const answers = await Promise.all(amounts.map((amount) => bid(`many-${amount}`, amount)));
    expect(answers.map(({ body: { price } }) => price)).toEqual(amounts.map((amount) => ({ amount, currency: 'USD' })));
    expect(market.opened).toBe(1);
  });

  it('of one tick travel as one message', async () => {
    market.onCommands = (commands) => commands.forEach(({ ref }) => market.answer(ref, placed(1)));
    const stream = gateway.service.app.get(TradeStream);
    const user = { id: usr(1), sessionId: ses(1), roles: [] };
    await Promise.all(Array.from({ length: 600 }, (_, i) => stream.send({ case: 'cancelBid', value: { bidId: idOf('bid', i), idempotencyKey: `c-${i}` } }, user, '')));
    // No message holds more than 500.
    expect(market.messages.map(({ length }) => length)).toEqual([500, 100]);
  });

  it('that are refused carry the market\'s code and details', async () => {
    market.onCommands = ([command]) => command && market.answer(command.ref, { case: 'refusal', value: { kind: 'conflict', code: 'bidding.price_moved', message: 'The best price has moved.', details: { price: '47000' } } });
    const answer = await ask(gateway.url, 'POST', `/v1/markets/${idOf('mkt', 1)}/buy-now`, { token: accessToken(), key: 'b-1', body: { maxPrice: { amount: 46_000, currency: 'USD' } } });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ type: '/problems/bidding.price_moved', status: 409, code: 'bidding.price_moved', detail: 'The best price has moved.', details: { price: '47000' }, retryable: false });
  });

  const one = quote(1);
  it.each([
    { route: `PATCH /v1/bids/${idOf('bid', 1)}`, sent: { expiresInDays: 7 }, command: 'amendBid', outcome: { case: 'amendedBid', value: { bid: one, bookSeq: 1n } }, status: 200 },
    { route: `DELETE /v1/bids/${idOf('bid', 1)}`, sent: undefined, command: 'cancelBid', outcome: { case: 'cancelledBid', value: { bid: one, bookSeq: 1n } }, status: 200 },
    { route: `POST /v1/markets/${idOf('mkt', 1)}/buy-now`, sent: { maxPrice: { amount: 1, currency: 'USD' } }, command: 'buyNow', outcome: { case: 'bought', value: { bid: one, bookSeq: 1n } }, status: 201 },
    { route: 'POST /v1/asks', sent: body(), command: 'placeAsk', outcome: { case: 'placedAsk', value: { ask: one, bookSeq: 1n } }, status: 201 },
    { route: `PATCH /v1/asks/${idOf('ask', 1)}`, sent: { price: { amount: 1, currency: 'USD' } }, command: 'amendAsk', outcome: { case: 'amendedAsk', value: { ask: one, bookSeq: 1n } }, status: 200 },
    { route: `DELETE /v1/asks/${idOf('ask', 1)}`, sent: undefined, command: 'cancelAsk', outcome: { case: 'cancelledAsk', value: { ask: one, bookSeq: 1n } }, status: 200 },
    { route: `POST /v1/markets/${idOf('mkt', 1)}/sell-now`, sent: { minPrice: { amount: 1, currency: 'USD' } }, command: 'sellNow', outcome: { case: 'sold', value: { ask: one, bookSeq: 1n } }, status: 201 },
  ] as const)('go the same way: $route', async ({ route, sent, command, outcome, status }) => {
    market.onCommands = ([first]) => first && market.answer(first.ref, outcome);
    const [method = '', path = ''] = route.split(' ');
    const answer = await ask(gateway.url, method, path, { token: accessToken(), key: `go-${command}`, ...(sent && { body: sent }), ...(method === 'PATCH' && { headers: { 'if-match': '"3"' } }) });
    expect([answer.status, answer.body.bookSeq, answer.headers.get('etag')]).toEqual([status, 1, '"4"']);
    expect(market.messages[0]?.[0]?.command.case).toBe(command);
  });

  describe.each([
    { path: `/v1/bids/${idOf('bid', 1)}`, command: 'amendBid', outcome: { case: 'amendedBid', value: { bid: one, bookSeq: 1n } } },
    { path: `/v1/asks/${idOf('ask', 1)}`, command: 'amendAsk', outcome: { case: 'amendedAsk', value: { ask: one, bookSeq: 1n } } },
  ] as const)('that amend name the version that was seen: $command', ({ path, command, outcome }) => {
    const amend = (headers: Record<string, string>) => ask(gateway.url, 'PATCH', path, { token: accessToken(), body: { expiresInDays: 7 }, headers });

    it('which goes to the market with them', async () => {
      market.onCommands = ([first]) => first && market.answer(first.ref, outcome);
      expect((await amend({ 'if-match': '"3"' })).status).toBe(200);
      expect(market.messages[0]?.[0]?.command).toMatchObject({ case: command, value: { expectedVersion: 3n } });
    });

    it('and are told when somebody has changed the quote since', async () => {
      market.onCommands = ([first]) => first && market.answer(first.ref, { case: 'refusal', value: { kind: 'conflict', code: 'bidding.stale', message: 'The quote has changed since you read it.', details: { version: '4' } } });
      expect((await amend({ 'if-match': '"3"' })).body).toMatchObject({ status: 412, code: 'bidding.stale', details: { version: '4' }, retryable: false });
    });

    it.each([
      [{}, 428, 'gateway.if_match_missing'],
      [{ 'if-match': 'W/"3"' }, 412, 'gateway.if_match_stale'],
      [{ 'if-match': '*' }, 412, 'gateway.if_match_stale'],
      [{ 'if-match': '"0"' }, 412, 'gateway.if_match_stale'],
    ])('and do not get there with %p', async (headers, status, code) => {
      expect((await amend(headers as Record<string, string>)).body).toMatchObject({ status, code });
      expect(market.messages).toEqual([]);
    });
  });

  it('that are not answered in time end as 503, to be sent again with the same key', async () => {
    // A deadline of its own: no other command of these may be late, however busy the machine is.
    const slow = new Market();
    const hurried = await startGateway({ bidding: { trade: slow.trade }, env: { TRADE_DEADLINE_MS: '100' } });
    const late = () => bid('late', undefined, undefined, hurried);
    const answer = await late();
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.body).toMatchObject({ status: 503, code: 'gateway.trade_deadline', retryable: true });
    // An answer that comes after that finds nobody, and harms nobody.
    const [command] = slow.messages.flat();
    slow.answer(command?.ref ?? 0n, placed(1));
    slow.onCommands = ([next]) => next && slow.answer(next.ref, placed(2));
    await until(() => 'one is answered in time', PATIENCE_MS, async () => {
      const { status, body: { id, code } } = await late();
      expect([id, code]).toEqual(status === 201 ? [idOf('bid', 2), undefined] : [undefined, 'gateway.trade_deadline']);
      return status === 201;
    });
    await hurried.stop();
  });

  it('that were under way when the line broke end as 503, and the next opens a new line', async () => {
    // When both are under way: one that comes later finds a line that is broken already.
    market.onCommands = () => {
      if (market.messages.flat().length === 2) setImmediate(() => market.answers.error(new Error('bidding was killed')));
    };
    const broken = await Promise.all([bid('x-1'), bid('x-2')]);
    const { opened } = market;
    expect(broken.map(({ body: { code, retryable } }) => [code, retryable])).toEqual([['gateway.trade_interrupted', true], ['gateway.trade_interrupted', true]]);
    market.onCommands = (commands) => commands.forEach(({ ref }) => market.answer(ref, placed(3)));
    await until(() => 'the line is open again', PATIENCE_MS, async () => {
      const { status, body: { code } } = await bid('x-3');
      if (status !== 201) expect(code).toBe('gateway.market_unreachable');
      return status === 201;
    });
    expect(market.opened).toBe(opened + 1);
  });

  it('that are under way when the gateway is stopped are answered first', async () => {
    const stopping = await startGateway({ bidding: { trade: market.trade } });
    const came = new Promise<Command>((resolve) => {
      market.onCommands = ([command]) => command && resolve(command);
    });
    const answer = ask(stopping.url, 'POST', '/v1/bids', { token: accessToken(), key: 'last', body: body() });
    const { ref } = await came;
    const stopped = stopping.stop();
    setImmediate(() => market.answer(ref, placed(9)));
    expect((await answer).status).toBe(201);
    await stopped;
  });

  it('that fail in the gateway itself say nothing of how', async () => {
    armFailpoint('gateway.beforeForward', () => {
      throw new Error('password=hunter2');
    });
    const answer = await bid('boom');
    armFailpoint('gateway.beforeForward', () => undefined);
    expect(answer.body).toMatchObject({ status: 500, code: 'gateway.internal' });
    expect(answer.text).not.toContain('hunter2');
  });

  it.each(['', 'a key', 'ключ', 'x'.repeat(256)])('are refused without a proper key: %p', async (key) => {
    const answer = await ask(gateway.url, 'POST', '/v1/bids', { token: accessToken(), body: body(), ...(key !== '' && { headers: { 'idempotency-key': Buffer.from(key).toString('latin1') } }) });
    expect(answer.body).toMatchObject({ status: 400, errors: [{ pointer: '/headers/idempotency-key' }] });
    expect(answer.body.code).toBe(key === '' ? 'gateway.idempotency_key_missing' : 'gateway.idempotency_key_invalid');
    expect(market.messages).toEqual([]);
  });
});
