import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

/** W3C trace context: it travels with every call and event, and each log line names its trace. */

const FORM = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;
const current = new AsyncLocalStorage<string>();

export function newTraceparent(traceId = randomBytes(16).toString('hex')): string {
  return `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
}

/** A new span of the given trace; of a new trace when the text is no `traceparent`. */
export function continueTrace(traceparent: string | undefined): string {
  return newTraceparent(FORM.exec(traceparent ?? '')?.[1]);
}

export function currentTraceparent(): string | undefined {
  return current.getStore();
}

export function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparent !== undefined && FORM.test(traceparent) ? traceparent.slice(3, 35) : undefined;
}

/** Runs `work`, and all that it awaits, in that trace. */
export function inTrace<T>(traceparent: string, work: () => T): T {
  return current.run(traceparent, work);
}
