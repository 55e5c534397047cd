import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

/** W3C trace context: it travels with every call and event, and each log line names its trace. */

const FORM = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
export const TRACE_ID_AT = 3;
export const TRACE_ID_END = 35;
const LENGTH = 55;
const ODD = '13579bdf';

/** What is being worked on: the span that it belongs to, and when its caller stops waiting, if one does. */
interface Work {
  readonly traceparent: string;
  readonly deadline?: number;
}

/** One for all of it: on Node 20 each storage costs every promise of the process something. */
const current = new AsyncLocalStorage<Work | undefined>();

export function newTraceparent(traceId = randomBytes(16).toString('hex'), flags = '01'): string {
  return `00-${traceId}-${randomBytes(8).toString('hex')}-${flags}`;
}

/** A new span of the given trace, recorded if that is; of a new trace when the text is no `traceparent`. */
export function continueTrace(traceparent: string | undefined): string {
  const [, traceId, , flags] = FORM.exec(traceparent ?? '') ?? [];
  return newTraceparent(traceId, flags);
}

/** Whether whoever began the trace wants it recorded: the last bit of its flags. Asked of each call and command, so it looks no further. */
export function isSampled(traceparent: string): boolean {
  return traceparent.length === LENGTH && ODD.includes(traceparent.charAt(LENGTH - 1));
}

export function currentTraceparent(): string | undefined {
  return current.getStore()?.traceparent;
}

/** When whoever asked for the present work stops waiting for it, in milliseconds since 1970. */
export function currentDeadline(): number | undefined {
  return current.getStore()?.deadline;
}

export function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparent !== undefined && FORM.test(traceparent) ? traceparent.slice(TRACE_ID_AT, TRACE_ID_END) : undefined;
}

export function spanIdOf(traceparent: string | undefined): string | undefined {
  return traceparent !== undefined && FORM.test(traceparent) ? traceparent.slice(36, 52) : undefined;
}

/** Runs `work`, and all that it awaits, in that trace, for somebody who waits until `deadline` at most. */
export function inTrace<T>(traceparent: string, work: () => T, deadline?: number): T {
  return current.run(deadline === undefined ? { traceparent } : { traceparent, deadline }, work);
}

/** Runs `work` for nobody in particular: what a request sets going in the background is not bound to the request's time. */
export function detached<T>(work: () => T): T {
  return current.run(undefined, work);
}
