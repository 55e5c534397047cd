import type { Clock } from '@libs/kernel/clock';
import { MovableClock } from './clocks';
import type { Log } from './log';
import { detached } from './trace';

const BACKOFF_MS_MAX = 30_000;
const BACKOFF_MS_MIN = 100;

export interface LoopOptions {
  readonly name: string;
  readonly everyMs: number;
  readonly log: Log;
  /** Also runs when this clock is moved ahead. */
  readonly clock?: Clock;
  /** How long a nudge waits for others, so that what comes in a burst is one pass. Default: not at all. */
  readonly gatherMs?: number;
  /** The longest wait after passes that failed, instead of half a minute. */
  readonly backOffMsMax?: number;
}

/** Background work at its own pace: passes never overlap, one that answers `true` runs again at once, and one that throws is logged and tried again later. */
export class Loop {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isNudged = false;
  private isStarted = false;
  private failures = 0;
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly options: LoopOptions,
    private readonly work: () => Promise<unknown>,
  ) {}

  start(): void {
    if (this.isStarted) return;
    this.isStarted = true;
    const { clock } = this.options;
    if (clock instanceof MovableClock) this.unsubscribe = clock.onMoved(() => this.nudge());
    this.nudge();
  }

  /** Runs a pass soon; one more after the pass that is running, if one is. */
  nudge(): void {
    if (!this.isStarted || this.isNudged) return;
    this.isNudged = true;
    if (!this.running && this.failures === 0) this.wait(this.options.gatherMs ?? 0);
  }

  /** Whether a pass runs or has been asked for. */
  get isBusy(): boolean {
    return this.running !== undefined || this.isNudged;
  }

  /** No pass begins after this; resolves after the running one. */
  async stop(): Promise<void> {
    this.isStarted = false;
    this.isNudged = false;
    this.unsubscribe?.();
    clearTimeout(this.timer);
    await this.running;
  }

  private wait(ms: number): void {
    clearTimeout(this.timer);
    this.timer = detached(() => setTimeout(() => {
      this.running = this.pass();
    }, ms));
  }

  private async pass(): Promise<void> {
    this.isNudged = false;
    try {
      if ((await this.work()) === true) this.isNudged = true;
      this.failures = 0;
    } catch (error) {
      this.failures += 1;
      this.options.log.error({ loop: this.options.name, failures: this.failures, error }, 'a background pass failed');
    }
    this.running = undefined;
    if (this.isStarted) this.wait(this.delayMs());
    else this.isNudged = false;
  }

  private delayMs(): number {
    const { everyMs, backOffMsMax = BACKOFF_MS_MAX } = this.options;
    if (this.failures > 0) return Math.min(backOffMsMax, Math.max(everyMs, BACKOFF_MS_MIN) * 2 ** Math.min(this.failures - 1, 12));
    return this.isNudged ? (this.options.gatherMs ?? 0) : everyMs;
  }
}
