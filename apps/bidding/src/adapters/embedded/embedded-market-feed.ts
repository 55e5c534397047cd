import { Injectable } from '@nestjs/common';
import { MarketFeed, type MarketUpdate } from '../../application/market-feed';

/** For gateways of this process. */
@Injectable()
export class EmbeddedMarketFeed extends MarketFeed {
  private readonly listeners = new Set<(updates: readonly MarketUpdate[]) => void>();

  get isHeard(): boolean {
    return this.listeners.size > 0;
  }

  publish(updates: readonly MarketUpdate[]): void {
    for (const listener of this.listeners) listener(updates);
  }

  subscribe(listener: (updates: readonly MarketUpdate[]) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}
