/** A provider's refusal, or that it could not be understood at all. */
export interface Failure {
  /** Of its answer; absent when there was none. */
  readonly status?: number;
  /** The connection's, such as ECONNREFUSED. */
  readonly code?: string;
}

/** Nobody was reached, so nothing was done. */
const UNREACHED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/**
 * Nobody may guess that a message was not sent. Known not to be: what was refused, and what reached nobody. An answer of 503 says that the service
 * takes nothing at the moment. Every other failure of theirs, and every silence, leaves the outcome unknown.
 */
export function meaningOf({ status, code }: Failure): 'refused' | 'later' | 'unknown' {
  if (status === undefined) return code !== undefined && UNREACHED.has(code) ? 'later' : 'unknown';
  // Wrong credentials are ours to mend: the messages wait for it.
  if (status === 429 || status === 503 || status === 401 || status === 403) return 'later';
  return status >= 500 || status === 408 || status === 409 ? 'unknown' : 'refused';
}

/** What is kept and shown: never the provider's own words, which may name the address. */
export function reasonOf({ status, code }: Failure): string {
  if (status !== undefined) return `answered_${status}`;
  return code !== undefined && UNREACHED.has(code) ? 'not_reached' : 'no_answer';
}
