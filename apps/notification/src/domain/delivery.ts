import { invariant } from '@libs/kernel/invariant';

/**
 * planned: to be sent. sending: the provider is being asked; who dies here leaves an outcome that nobody knows. unknown: it is looked up by our id.
 * sent, failed (refused for good), dropped (not to be sent after all) are ends. parked: given up after many tries, until a person resumes it.
 */
export const states = ['planned', 'sending', 'unknown', 'sent', 'failed', 'dropped', 'parked'] as const;
export type State = (typeof states)[number];

/** What is not here cannot happen. */
export const steps: Readonly<Record<State, readonly State[]>> = {
  planned: ['sending', 'sent', 'dropped', 'failed', 'parked'],
  sending: ['sent', 'failed', 'planned', 'unknown', 'parked'],
  unknown: ['sent', 'planned', 'dropped'],
  parked: ['planned'],
  sent: [],
  failed: [],
  dropped: [],
};

export function requireStep(from: State, to: State): void {
  invariant(steps[from].includes(to), `a message cannot go from ${from} to ${to}`);
}

export const TRIES_MAX = 14;
const BACKOFF_MS_MAX = 600_000;
const LOOK_MS_MIN = 250;
const LOOK_MS_MAX = 60_000;

/** Doubles up to ten minutes: together with the number of tries about an hour and a half. */
export function retryDelayMs(attempts: number, firstMs: number): number {
  return Math.min(firstMs * 2 ** Math.max(0, attempts - 1), BACKOFF_MS_MAX);
}

export function lookDelayMs(looks: number): number {
  return Math.min(LOOK_MS_MIN * 2 ** looks, LOOK_MS_MAX);
}

/** When looking has lasted long enough: a critical message is sent once more, once; anything else is dropped rather than sent twice. */
export function afterLooking({ isCritical, resends }: { readonly isCritical: boolean; readonly resends: number }): 'planned' | 'dropped' {
  return isCritical && resends === 0 ? 'planned' : 'dropped';
}
