import type { MessageInitShape } from '@bufbuild/protobuf';
import { type AnswerSchema, BiddingService, type Command, type TradeRequest, type TradeResponseSchema } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import type { Log } from '@libs/chassis/log';
import { commandSpan } from '@libs/chassis/span-attributes';
import type { Spans } from '@libs/chassis/spans';
import { continueTrace } from '@libs/chassis/trace';
import { AppError } from '@libs/kernel/app-error';
import type { Counter } from 'prom-client';
import { Observable } from 'rxjs';
import type { Trading } from './trading';

type AnswerInit = MessageInitShape<typeof AnswerSchema>;
type ResponseInit = MessageInitShape<typeof TradeResponseSchema>;

interface Told {
  readonly log: Log;
  readonly spans: Spans;
  readonly replays: Counter;
}

type Handle = (command: Command, tell: (init: AnswerInit) => void) => void;

/** Many commands a message in; the answers that are ready at one moment go out as one message. Ends when the last command is answered. */
export function tradeStream(requests: Observable<TradeRequest>, trading: Trading, told: Told): Observable<ResponseInit> {
  const { spans } = told;
  return new Observable((subscriber) => {
    let ready: AnswerInit[] = [];
    let open = 0;
    let isEnded = false;
    const flush = (): void => {
      const answers = ready;
      ready = [];
      subscriber.next({ answers });
      if (isEnded && open === 0) subscriber.complete();
    };
    const answer = (init: AnswerInit): void => {
      open--;
      // A commit settles all its commands before the next microtask.
      if (ready.push(init) === 1) queueMicrotask(flush);
    };
    const handle: Handle = (command, tell) => run(command, trading, told, tell);
    return requests.subscribe({
      next: ({ commands }) => {
        open += commands.length;
        for (const command of commands) {
          if (spans.samples(command.traceparent)) inSpan(spans, command, answer, handle);
          else handle(command, answer);
        }
      },
      error: (error) => subscriber.error(error),
      complete: () => {
        isEnded = true;
        if (open === 0 && ready.length === 0) subscriber.complete();
      },
    });
  });
}

function run({ ref, caller, command, deadlineMs, traceparent }: Command, trading: Trading, { log, replays }: Told, answer: (init: AnswerInit) => void): void {
  const refuse = (error: Error): void => {
    if (!(error instanceof AppError)) log.error({ error, command: command.case }, 'a command failed');
    answer({ ref, outcome: { case: 'refusal', value: refusalOf(error) } });
  };
  if (!caller || command.case === undefined) return refuse(new AppError('invalid', 'bidding.command_malformed', 'A command needs a caller and its fields.'));
  const envelope = { userId: caller.userId, deadline: deadlineMs === 0n ? Infinity : Number(deadlineMs), traceparent: traceparent === '' ? undefined : traceparent };
  try {
    trading.execute(command, envelope, (answered) => {
      if ('error' in answered) return refuse(answered.error);
      if (answered.done.value.replayed) replays.inc();
      answer({ ref, outcome: answered.done });
    });
  } catch (error) {
    refuse(error instanceof Error ? error : new Error(String(error)));
  }
}

/** A command is a span of the trace that it names, and what comes of it belongs to that span. */
function inSpan(spans: Spans, command: Command, answer: (init: AnswerInit) => void, handle: Handle): void {
  const begun = performance.now();
  const traceparent = continueTrace(command.traceparent);
  handle({ ...command, traceparent }, (init) => {
    const failure = init.outcome?.case === 'refusal' ? init.outcome.value.code : undefined;
    const seconds = (performance.now() - begun) / 1_000;
    spans.record({ ...commandSpan(BiddingService.method.trade, command.command.case), kind: 'server', traceparent, cause: command.traceparent, seconds, ...(failure && { failure }) });
    answer(init);
  });
}

/** A bug arrives as a kind that is in no table, and without its words. */
function refusalOf(error: Error) {
  if (error instanceof AppError) return { kind: error.kind, code: error.code, message: error.message, details: { ...error.details } };
  return { kind: 'internal', code: 'bidding.internal', message: 'internal error', details: {} };
}
