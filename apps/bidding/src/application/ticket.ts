import type { AppError } from '@libs/kernel/app-error';
import type { Done, Outcome } from '../domain/batch';
import type { Turn } from '../domain/settle';
import type { CommandKey } from './ports';

/** What a caller is told. An `Error` that is no `AppError` is a bug of ours. */
export type Reply = { readonly done: Done; readonly replayed: boolean } | { readonly refused: AppError } | { readonly failed: Error };

/** One command on its way through the writer. */
export interface Ticket {
  /** Pure work on the floor; may run again after a batch that failed. */
  run(turn: Turn): Outcome;
  /** Called once, after the commit. */
  settle(reply: Reply): void;
  /** Of keyed commands: how the outcome of a lost commit is found. */
  readonly key: CommandKey | undefined;
  readonly bodyHash: Uint8Array | undefined;
  /** Technical time, Unix milliseconds: no use in beginning after this. Infinite for our own work. */
  readonly deadline: number;
  readonly traceparent: string | undefined;
}

export function replyTo(outcome: Outcome): Reply {
  return 'done' in outcome ? { done: outcome.done, replayed: false } : outcome;
}

export function settleAll(tickets: readonly Ticket[], reply: Reply): void {
  for (const ticket of tickets) ticket.settle(reply);
}
