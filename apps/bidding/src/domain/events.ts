import type { QuoteFacts } from './quote';

/** One change of a book. `seq` counts them all; `kseq` counts those of its topic. Each holds what was true just after it. */
interface Numbered {
  readonly marketId: string;
  readonly currency: string;
  readonly seq: number;
  readonly kseq: number;
}

export interface QuoteEvent extends Numbered {
  readonly type: 'placed' | 'updated' | 'cancelled' | 'expired';
  readonly quote: QuoteFacts;
}

export interface MarketStateEvent extends Numbered {
  readonly type: 'halted' | 'resumed';
  readonly reason: string;
}

export interface MatchEvent extends Numbered {
  readonly type: 'matched';
  readonly matchId: string;
  readonly productId: string;
  readonly size: string;
  readonly price: number;
  readonly at: number;
  readonly bid: QuoteFacts;
  readonly ask: QuoteFacts;
  readonly incoming: QuoteFacts;
}

export interface BustEvent extends Numbered {
  readonly type: 'busted';
  readonly matchId: string;
  readonly reason: string;
  readonly bid: QuoteFacts;
  readonly ask: QuoteFacts;
  /** The match that a returning side met at once: its event is the next one. */
  readonly rematchId: string | null;
}

export type MarketEvent = QuoteEvent | MarketStateEvent | MatchEvent | BustEvent;

export function isOnMatchTopic(event: MarketEvent): event is MatchEvent | BustEvent {
  return event.type === 'matched' || event.type === 'busted';
}

