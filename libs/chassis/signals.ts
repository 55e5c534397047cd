/** One handler for all services of a process. */
const STOP_MS_MAX = 30_000;
/** A terminal and npm both tell us of one Ctrl-C: only a later signal means that somebody will not wait. */
const SAME_SIGNAL_MS = 1_000;

/** Stops in good order at the first signal; a later one, or 30 s, ends the process at once. */
export function onStopSignal(stop: () => Promise<void>): void {
  let stoppingSince: number | undefined;
  const handle = (signal: NodeJS.Signals) => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince > SAME_SIGNAL_MS) process.exit(signal === 'SIGINT' ? 130 : 143);
      return;
    }
    stoppingSince = performance.now();
    setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
}

/** What was started with a channel to its starter ends with it, as if both were killed: else it would go on serving beside whoever is started next. */
export function endWithStarter(): void {
  process.once('disconnect', () => process.exit(1));
  process.channel?.unref();
}
