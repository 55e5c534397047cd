import type { ServiceName } from '@libs/contracts/events';
import { type BiddingService, type CountActiveAsksRequest } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { inTrace } from '@libs/chassis/trace';
import { AppError } from '@libs/kernel/app-error';
import { firstValueFrom, lastValueFrom, NEVER, of, Subject, take, tap, toArray } from 'rxjs';
import type { CallUser } from '../call-context';
import type { RpcClient } from '../rpc';
import type { Probe } from './probe';

export interface Transport {
  clientOf(caller: ServiceName): RpcClient<typeof BiddingService>;
  readonly probe: Probe;
  /** What the transport told its observer: rpc and outcome. */
  readonly served: readonly string[];
  readonly bugs: readonly unknown[];
  /** What the caller's side told its observer, once there is a span for it. */
  readonly sent: { readonly sent: string[]; recordsAs: string | undefined };
  stopServer(): Promise<void>;
}

const ann: CallUser = { id: 'usr_ann', sessionId: 'ses_1', roles: ['buyer', 'admin'] };

const refusalOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** What a call does on either transport: gRPC between processes, or within one. */
export function transportContract(name: string, open: () => Promise<Transport>): void {
  describe(`${name} keeps the transport's contract`, () => {
    let transport: Transport;
    let gateway: RpcClient<typeof BiddingService>;

    beforeAll(async () => {
      transport = await open();
      gateway = transport.clientOf('gateway');
    });
    afterAll(() => transport.stopServer());

    it('carries the message and its defaults both ways', async () => {
      const answer = await gateway.countActiveAsks({ marketId: 'dunk-9' });
      expect(answer).toMatchObject({ $typeName: 'exchange.bidding.v1.CountActiveAsksResponse', activeAsks: 6 });
      expect(transport.probe.requests.at(-1)).toMatchObject({ $typeName: 'exchange.bidding.v1.CountActiveAsksRequest', marketId: 'dunk-9' } satisfies Partial<CountActiveAsksRequest>);
    });

    it('tells who calls: the service, its user, the trace and the deadline', async () => {
      const trace = '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01';
      await inTrace(trace, () => gateway.countActiveAsks({ marketId: 'x' }, { user: ann, deadlineMs: 60_000 }));
      const call = transport.probe.calls.at(-1);
      expect(call).toMatchObject({ service: 'gateway', user: ann });
      expect(call?.traceparent).toMatch(/^00-0123456789abcdef0123456789abcdef-(?!0123456789abcdef)[0-9a-f]{16}-01$/);
      expect((call?.deadline?.getTime() ?? 0) - Date.now()).toBeGreaterThan(30_000);
      expect(transport.probe.tracesSeen.at(-1)).toBe(call?.traceparent);
    });

    it('is a span of its caller where the trace is recorded: what it sets off belongs to it, and it ends as the caller sees it', async () => {
      const [trace, span] = ['00-0123456789abcdef0123456789abcdef-0123456789abcdef-01', '00-0123456789abcdef0123456789abcdef-1111111111111111-01'];
      transport.sent.recordsAs = span;
      try {
        await inTrace(trace, () => gateway.countActiveAsks({ marketId: 'x' }, { deadlineMs: 60_000 }), Date.now() + 30_000);
        const call = transport.probe.calls.at(-1);
        expect([call?.cause, (call?.deadline?.getTime() ?? Infinity) <= Date.now() + 30_000]).toEqual([span, true]);
        await refusalOf(gateway.countActiveAsks({ marketId: 'retired' }));
        await refusalOf(gateway.countActiveAsks({ marketId: 'bug' }));
        await refusalOf(gateway.countActiveAsks({ marketId: 'never' }, { deadlineMs: 50 }));
      } finally {
        transport.sent.recordsAs = undefined;
      }
      const told = (rest: string) => `exchange.bidding.v1.BiddingService/CountActiveAsks ${rest}`;
      expect(transport.sent.sent).toEqual(['ok ok', 'bidding.market_retired rejected', 'internal internal', 'rpc.deadline unavailable'].map(told));
    });

    it('lets nobody but the gateway speak for a user', async () => {
      const served = transport.probe.requests.length;
      const refusal = await refusalOf(transport.clientOf('order').countActiveAsks({ marketId: 'x' }, { user: ann }));
      expect(refusal).toMatchObject({ kind: 'unauthenticated', code: 'rpc.unauthenticated' });
      await transport.clientOf('order').countActiveAsks({ marketId: 'x' });
      expect(transport.probe.calls.at(-1)).toMatchObject({ service: 'order' });
      expect(transport.probe.calls.at(-1)?.user).toBeUndefined();
      expect(transport.probe.requests.length).toBe(served + 1);
    });

    it('carries a refusal whole', async () => {
      const refusal = await refusalOf(gateway.countActiveAsks({ marketId: 'retired' }));
      expect(refusal).toBeInstanceOf(AppError);
      expect(refusal).toMatchObject({ kind: 'rejected', code: 'bidding.market_retired', message: 'No longer traded. Ça va.', details: { since: '2026' } });
      expect(transport.served).toContain('exchange.bidding.v1.BiddingService/CountActiveAsks bidding.market_retired');
    });

    it('tells the caller nothing of a bug, and the operator all', async () => {
      const error = await refusalOf(gateway.countActiveAsks({ marketId: 'bug' }));
      expect(error).not.toBeInstanceOf(AppError);
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('hunter2');
      expect(transport.bugs.at(-1)).toMatchObject({ message: 'password=hunter2' });
    });

    it('answers unavailable when the deadline passes', async () => {
      const refusal = await refusalOf(gateway.countActiveAsks({ marketId: 'never' }, { deadlineMs: 50 }));
      expect(refusal).toMatchObject({ kind: 'unavailable', code: 'rpc.deadline', retryable: true });
      transport.probe.release();
    });

    it('runs the guards', async () => {
      transport.probe.guarded.length = 0;
      await gateway.countActiveAsks({ marketId: 'dunk-9' });
      expect(transport.probe.guarded).toEqual(['countActiveAsks']);
      expect(await refusalOf(gateway.countActiveAsks({ marketId: 'guarded' }))).toMatchObject({ kind: 'forbidden', code: 'probe.guarded' });
    });

    it('streams both ways', async () => {
      const requests = of({ commands: [{ ref: 1n }, { ref: 2n }] }, { commands: [{ ref: 3n }] });
      const answers = await lastValueFrom(gateway.trade(requests).pipe(toArray()));
      expect(answers.flatMap((message) => message.answers.map(({ ref }) => ref))).toEqual([1n, 2n, 3n]);
    });

    it('loses no message that arrives while a guard thinks', async () => {
      const requests = of(...Array.from({ length: 40 }, (_, i) => ({ commands: [{ ref: BigInt(i) }] })));
      transport.probe.holdGuards();
      const answers = lastValueFrom(gateway.trade(requests).pipe(toArray()));
      await until(() => transport.probe.guardsHeld > 0);
      transport.probe.releaseGuards();
      expect((await answers).flatMap((message) => message.answers.map(({ ref }) => Number(ref)))).toEqual(Array.from({ length: 40 }, (_, i) => i));
    });

    it('ends the other side when the caller leaves a stream', async () => {
      const requests = new Subject<{ commands: { ref: bigint }[] }>();
      const first = firstValueFrom(gateway.trade(requests).pipe(take(1)));
      await until(() => requests.observed);
      requests.next({ commands: [{ ref: 1n }] });
      await first;
      await until(() => transport.probe.tradesOpen === 0);
      await firstValueFrom(gateway.watchMarkets({}).pipe(take(1)));
      await until(() => transport.probe.watchersOpen === 0);
    });

    it('completes when the other side ends a stream', async () => {
      transport.probe.watchDoes = 'end';
      expect(await lastValueFrom(gateway.watchMarkets({}).pipe(toArray()))).toHaveLength(2);
      expect(transport.probe.watchersOpen).toBe(0);
    });

    it('carries a refusal in the middle of a stream', async () => {
      transport.probe.watchDoes = 'refuse';
      const heard: unknown[] = [];
      const refusal = await refusalOf(lastValueFrom(gateway.watchMarkets({}).pipe(tap((message) => heard.push(message)))));
      expect(heard).toHaveLength(1);
      expect(refusal).toMatchObject({ kind: 'conflict', code: 'bidding.market_halted' });
    });

    it('opens a stream only for whom a call would be answered', async () => {
      expect(await refusalOf(lastValueFrom(transport.clientOf('order').watchMarkets({}, { user: ann })))).toMatchObject({ kind: 'unauthenticated' });
    });

    it('answers unavailable, on calls and open streams, once the other side has stopped', async () => {
      transport.probe.watchDoes = 'go on';
      const open = refusalOf(lastValueFrom(gateway.watchMarkets({})));
      const trading = refusalOf(lastValueFrom(gateway.trade(NEVER)));
      await until(() => transport.probe.watchersOpen === 1 && transport.probe.tradesOpen === 1);
      await transport.stopServer();
      expect(await open).toMatchObject({ kind: 'unavailable', code: 'rpc.unavailable' });
      expect(await trading).toMatchObject({ kind: 'unavailable', code: 'rpc.unavailable' });
      expect(await refusalOf(gateway.countActiveAsks({ marketId: 'x' }))).toMatchObject({ kind: 'unavailable', code: 'rpc.unavailable' });
    });
  });
}
