import { setTimeout as pause } from 'node:timers/promises';
import type { OffsetClock } from './clocks';
import type { Log } from './log';

/** Where the offset outlives the process. */
export interface OffsetStore {
  load(): Promise<number>;
  save(offsetMs: number): Promise<void>;
}

const RETRY_MS = 200;
const ANSWER_MS_MAX = 2_000;

/** Keeps a business clock at the sandbox's offset. Without its first word nobody knows what time it is, so the service waits for it. */
export class SandboxClock {
  private readonly stopping = new AbortController();
  private saved: Promise<unknown> = Promise.resolve();
  private following: Promise<void> | undefined;
  private isFollowing = false;

  constructor(
    private readonly url: string,
    private readonly clock: OffsetClock,
    private readonly store: OffsetStore,
    private readonly log: Log,
  ) {}

  get state(): { offsetMs: number; following: boolean } {
    return { offsetMs: this.clock.offsetMs, following: this.isFollowing };
  }

  /** Resolves with the first offset. */
  async start(): Promise<void> {
    this.clock.raiseTo(await this.store.load());
    await new Promise<void>((resolve) => {
      this.following = this.follow(resolve);
    });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.following;
    await this.saved;
  }

  private async follow(first: () => void): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.listen(first);
      } catch (error) {
        if (this.isFollowing && !signal.aborted) this.log.warn({ error }, 'lost the sandbox\'s clock');
      }
      this.isFollowing = false;
      await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
    first();
  }

  /** The stream is opened before the offset is asked for, so that no change falls between the two. */
  private async listen(first: () => void): Promise<void> {
    const changes = await fetch(`${this.url}/clock/changes`, { signal: this.stopping.signal });
    if (!changes.ok || !changes.body) throw new Error(`the sandbox answered ${changes.status} for its clock`);
    const now = await fetch(`${this.url}/clock`, { signal: AbortSignal.any([this.stopping.signal, AbortSignal.timeout(ANSWER_MS_MAX)]) });
    await this.take(await now.json());
    this.isFollowing = true;
    first();
    let rest = '';
    for await (const chunk of changes.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') await this.take(JSON.parse(line));
    }
  }

  private async take(answer: unknown): Promise<void> {
    const offsetMs = (answer as { offsetMs?: unknown } | null)?.offsetMs;
    if (typeof offsetMs !== 'number' || !Number.isSafeInteger(offsetMs)) throw new Error('the sandbox told no offset');
    if (offsetMs <= this.clock.offsetMs) return;
    // Saved first: a service that comes back must not be behind what it has acted upon.
    this.saved = this.store.save(offsetMs);
    await this.saved;
    this.clock.raiseTo(offsetMs);
  }
}
