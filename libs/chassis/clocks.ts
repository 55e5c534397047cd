import { Clock, WallClock } from '@libs/kernel/clock';

/** The machine's time. */
export class SystemWallClock extends WallClock {
  now(): Date {
    return new Date();
  }
}

/** A business clock that can be moved ahead tells those who wait for an instant. */
export abstract class MovableClock extends Clock {
  /** Answers a function that ends the subscription. */
  abstract onMoved(listener: () => void): () => void;
}

/** The machine's time plus an offset, which never shrinks: what was due stays due. */
export class OffsetClock extends MovableClock {
  private readonly listeners = new Set<() => void>();
  private offset = 0;

  constructor(private readonly wall: WallClock) {
    super();
  }

  get offsetMs(): number {
    return this.offset;
  }

  now(): Date {
    return new Date(this.wall.now().getTime() + this.offset);
  }

  /** Answers whether the clock moved. */
  raiseTo(offsetMs: number): boolean {
    if (!(offsetMs > this.offset)) return false;
    this.offset = offsetMs;
    for (const listener of this.listeners) listener();
    return true;
  }

  onMoved(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}
