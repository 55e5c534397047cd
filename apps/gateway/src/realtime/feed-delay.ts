import { Injectable } from '@nestjs/common';
import { Metrics } from '@libs/chassis/metrics';
import { WallClock } from '@libs/kernel/clock';
import type { Histogram } from 'prom-client';

type Kind = 'book' | 'ticker' | 'user:quotes';

/** How long it takes from a commit of bidding to the sockets of those who watch what it has changed. */
@Injectable()
export class FeedDelay {
  private readonly seconds: Histogram<'kind'>;

  constructor(
    metrics: Metrics,
    private readonly clock: WallClock,
  ) {
    this.seconds = metrics.histogram('feed_end_to_end_seconds', 'From the commit of a change, a match among them, to its writing to the sockets that watch it, by kind of channel.', ['kind']);
  }

  /** A frame with this change, the oldest if it holds several, is on all sockets that watch. 0: its age is not known. */
  written(kind: Kind, committedAtMs: number): void {
    if (committedAtMs > 0) this.seconds.observe({ kind }, Math.max(0, this.clock.now().getTime() - committedAtMs) / 1_000);
  }
}
