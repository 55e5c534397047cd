import type { Log } from '../log';

type Close = () => Promise<unknown> | unknown;

/** What was opened, to be closed in the opposite order; one that fails to close does not keep the others open. */
export class Teardown {
  private readonly steps: { name: string; close: Close }[] = [];

  add(name: string, close: Close): void {
    this.steps.push({ name, close });
  }

  async run(log: Log): Promise<void> {
    for (let step = this.steps.pop(); step; step = this.steps.pop()) {
      try {
        await step.close();
      } catch (error) {
        log.error({ part: step.name, error }, 'a part did not close cleanly');
      }
    }
  }
}
