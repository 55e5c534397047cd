import { MovableClock } from '@libs/chassis/clocks';

/** A Monday noon, so that the next days are business days. */
const START = '2026-03-02T12:00:00.000Z';

export interface Duration {
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
}

export function msOf({ days = 0, hours = 0, minutes = 0, seconds = 0 }: Duration): number {
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000;
}

/** Business time as a test says: it stands still until the test moves it. */
export class TestClock extends MovableClock {
  private readonly listeners = new Set<() => void>();

  constructor(private at = new Date(START)) {
    super();
  }

  now(): Date {
    return new Date(this.at);
  }

  passes(time: Duration): void {
    this.set(new Date(this.at.getTime() + msOf(time)));
  }

  set(at: Date): void {
    if (at < this.at) throw new Error('the business clock never goes back');
    this.at = at;
    for (const listener of this.listeners) listener();
  }

  onMoved(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}
