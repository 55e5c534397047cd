/** The services of an exchange, in whichever form they run. */
export interface Running {
  readonly pids: Readonly<Record<string, number>>;
  /** Arms fail points: of the named service where each has a process of its own. */
  arm(failpoints: string, service: string | undefined): Promise<void>;
  stop(): Promise<void>;
}
