import { Injectable } from '@nestjs/common';
import { MarketFeed, type MarketListener, type MarketUpdate } from '../../application/market-feed';

/** For gateways of this process. */
@Injectable()
export class EmbeddedMarketFeed extends MarketFeed {
  private readonly listeners = new Set<MarketListener>();

  get isHeard(): boolean {
    return this.listeners.size > 0;
  }

  publish(updates: readonly MarketUpdate[]): void {
    for (const listener of this.listeners) listener.changed(updates);
  }

  doubt(): void {
    for (const listener of [...this.listeners]) listener.missed();
  }

  subscribe(listener: MarketListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}
