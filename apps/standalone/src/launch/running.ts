import type { Log } from '@libs/chassis/log';

/** How long a start may take, on a machine that has much else to do. One that fails is heard of at once. */
export const START_MS_MAX = 180_000;

/** A start that may be told to stop on its way: it then undoes what it has done, and fails. */
export interface Starting {
  readonly log: Log;
  readonly stopping: AbortSignal;
}

/** The services of an exchange, in whichever form they run. */
export interface Running {
  readonly pids: Readonly<Record<string, number>>;
  /** Arms fail points: of the named service where each has a process of its own. */
  arm(failpoints: string, service: string | undefined): Promise<void>;
  stop(): Promise<void>;
}
