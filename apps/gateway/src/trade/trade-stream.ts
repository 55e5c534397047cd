import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Activity } from '@libs/chassis/activity';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { commandSpan } from '@libs/chassis/span-attributes';
import { Spans } from '@libs/chassis/spans';
import { currentTraceparent } from '@libs/chassis/trace';
import { type Answer, BiddingService, type CommandSchema, type Refusal, type TradeResponse } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { AppError, type ErrorCode, type ErrorKind, errorKinds } from '@libs/kernel/app-error';
import { WallClock } from '@libs/kernel/clock';
import { failpoint } from '@libs/kernel/failpoint';
import { InvariantViolation } from '@libs/kernel/invariant';
import type { CallUser } from '@libs/rpc/call-context';
import { Rpc } from '@libs/rpc/rpc';
import { GatewayConfig } from '../gateway.config';
import { RequestLine } from './request-line';

type CommandInit = MessageInitShape<typeof CommandSchema>;
export type TradeCommand = NonNullable<CommandInit['command']>;
export type TradeOutcome = Answer['outcome'];

const MESSAGE_COMMANDS_MAX = 500;
const IN_FLIGHT_MAX = 10_000;
const SWEEP_EVERY_MS = 100;
/** The other side ends a stream after an hour; a new one is begun before that, so that no command is under way on one that ends. */
const LINE_MS_MAX = 50 * 60_000;
const REOPEN_MS_MIN = 100;
const REOPEN_MS_MAX = 2_000;
/** Bidding refuses what is too late itself; only when it says nothing at all does the gateway answer. */
const GRACE_MS = 500;

interface Waiting {
  /** Undefined until the command has been sent. */
  line: RequestLine | undefined;
  readonly deadlineMs: number;
  readonly resolve: (outcome: TradeOutcome) => void;
  readonly reject: (error: Error) => void;
}

/** The outcome is not known: the same key finds out, and repeats nothing. */
const interrupted = () => new AppError('unavailable', 'gateway.trade_interrupted', 'The line to the market broke before the answer came. Send it again with the same key.');
const deadlinePassed = () => new AppError('unavailable', 'gateway.trade_deadline', 'The market did not answer in time. Send it again with the same key.');
const unreachable = () => new AppError('unavailable', 'gateway.market_unreachable', 'The market cannot be reached at the moment. Nothing was sent.');
const overloaded = () => new AppError('unavailable', 'gateway.overloaded', 'Too much is waiting for the market already. Nothing was sent.');

/** One long-lived stream to bidding for everybody's commands: those of one tick travel as one message, and answers find their way by `ref`. */
@Injectable()
export class TradeStream implements OnApplicationBootstrap, OnApplicationShutdown {
  private line: RequestLine | undefined;
  private lineOpenedAtMs = 0;
  private queued: CommandInit[] = [];
  private readonly waiting = new Map<bigint, Waiting>();
  private lastRef = 0n;
  private reopenAtMs = 0;
  private reopenMs = REOPEN_MS_MIN;
  private readonly sweep: Loop;

  constructor(
    private readonly rpc: Rpc,
    private readonly clock: WallClock,
    private readonly config: GatewayConfig,
    private readonly log: Log,
    private readonly spans: Spans,
    activity: Activity,
  ) {
    this.sweep = new Loop({ name: 'trade-deadlines', everyMs: SWEEP_EVERY_MS, log }, async () => this.expire());
    activity.report('trade', () => this.waiting.size);
  }

  onApplicationBootstrap(): void {
    this.sweep.start();
  }

  /** After the server has answered what was under way. */
  async onApplicationShutdown(): Promise<void> {
    await this.sweep.stop();
    const line = this.line;
    this.line = undefined;
    line?.complete();
    this.fail(() => true);
  }

  send(command: TradeCommand, user: CallUser, traceparent: string): Promise<TradeOutcome> {
    if (!this.spans.samples(traceparent)) return this.forward(command, user, traceparent);
    return this.spans.run({ ...commandSpan(BiddingService.method.trade, command.case), kind: 'client', cause: traceparent }, () => this.forward(command, user, currentTraceparent() ?? traceparent));
  }

  private forward(command: TradeCommand, { id, sessionId }: CallUser, traceparent: string): Promise<TradeOutcome> {
    if (this.waiting.size >= IN_FLIGHT_MAX) return Promise.reject(overloaded());
    const nowMs = this.clock.now().getTime();
    if (!this.line && nowMs < this.reopenAtMs) return Promise.reject(unreachable());
    failpoint('gateway.beforeForward');
    const ref = ++this.lastRef;
    const deadlineMs = nowMs + this.config.values.TRADE_DEADLINE_MS;
    this.enqueue({ ref, caller: { userId: id, sessionId }, deadlineMs: BigInt(deadlineMs), traceparent, command });
    return new Promise((resolve, reject) => this.waiting.set(ref, { line: undefined, deadlineMs, resolve, reject }));
  }

  private enqueue(command: CommandInit): void {
    if (this.queued.push(command) === 1) setImmediate(() => this.flush());
  }

  private flush(): void {
    const queued = this.queued;
    this.queued = [];
    const line = this.presentLine();
    for (const { ref } of queued) {
      const waiting = this.waiting.get(ref ?? 0n);
      if (waiting) waiting.line = line;
    }
    for (let i = 0; i < queued.length; i += MESSAGE_COMMANDS_MAX) line.next({ commands: queued.slice(i, i + MESSAGE_COMMANDS_MAX) });
    // There was nobody at the other end: the line was dead before it was used.
    if (this.line !== line) this.fail((waiting) => waiting.line === line, unreachable());
  }

  private presentLine(): RequestLine {
    const nowMs = this.clock.now().getTime();
    if (this.line && nowMs - this.lineOpenedAtMs < LINE_MS_MAX) return this.line;
    const old = this.line;
    const line = this.open(nowMs);
    // What is under way on the old one is still answered there.
    old?.complete();
    return line;
  }

  private open(nowMs: number): RequestLine {
    const line = new RequestLine();
    const ended = (error?: unknown) => this.closed(line, error);
    this.line = line;
    this.lineOpenedAtMs = nowMs;
    this.rpc.client(BiddingService).trade(line.messages).subscribe({ next: (message) => this.take(message), error: ended, complete: () => ended() });
    return line;
  }

  private closed(line: RequestLine, error: unknown): void {
    const isLost = (waiting: Waiting) => waiting.line === line;
    if ([...this.waiting.values()].some(isLost)) this.log.warn({ error }, 'the trade stream ended with commands under way');
    if (this.line === line) {
      this.line = undefined;
      this.reopenAtMs = this.clock.now().getTime() + this.reopenMs;
      this.reopenMs = Math.min(this.reopenMs * 2, REOPEN_MS_MAX);
    }
    this.fail(isLost);
  }

  private take({ answers }: TradeResponse): void {
    this.reopenMs = REOPEN_MS_MIN;
    failpoint('gateway.afterForwardBeforeReply');
    for (const { ref, outcome } of answers) {
      const waiting = this.waiting.get(ref);
      this.waiting.delete(ref);
      if (outcome.case === 'refusal') waiting?.reject(errorOf(outcome.value));
      else waiting?.resolve(outcome);
    }
  }

  /** Deadlines are alike, so the oldest are first. */
  private expire(): void {
    const nowMs = this.clock.now().getTime();
    for (const [ref, { deadlineMs, reject }] of this.waiting) {
      if (deadlineMs + GRACE_MS > nowMs) return;
      this.waiting.delete(ref);
      reject(deadlinePassed());
    }
  }

  private fail(isLost: (waiting: Waiting) => boolean, error = interrupted()): void {
    for (const [ref, waiting] of this.waiting) {
      if (!isLost(waiting)) continue;
      this.waiting.delete(ref);
      waiting.reject(error);
    }
  }
}

function errorOf({ kind, code, message, details }: Refusal): Error {
  // A kind that is not in the table is a bug on the other side, and is answered as one.
  if (!isKind(kind)) return new InvariantViolation(`bidding refused with ${kind} ${code}`);
  return new AppError(kind, code as ErrorCode, message, details);
}

function isKind(kind: string): kind is ErrorKind {
  return Object.hasOwn(errorKinds, kind);
}
