/** The services of an exchange, in whichever form they run. */
export interface Running {
  readonly pids: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}
