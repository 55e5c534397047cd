import type { Outcome } from './batch';
import { notOpen, quoteNotFound } from './errors';
import { isPast } from './expiry';
import type { Market } from './market';
import type { Quote } from './quote';
import type { Side } from './side';
import { type Turn, expire, withdraw } from './settle';

export interface KeyedCommand {
  readonly command: string;
  readonly userId: string;
  readonly key: string;
  readonly bodyHash: Uint8Array;
}

export interface Cancel extends KeyedCommand {
  readonly quoteId: string;
  readonly side: Side;
}

/** The owner takes an open quote back. Works in a halted market too. */
export function cancel(turn: Turn, command: Cancel): Outcome {
  const found = ownOpenQuote(turn, command);
  if ('refused' in found) return found;
  const { market, quote } = found;
  const done = { quote: withdraw(turn, market, quote, 'user'), bookSeq: market.seq };
  turn.batch.answer({ ...keyed(command), done });
  return { done };
}

/** A quote that is not open on the floor is refused as unknown: whoever asked looks up what became of it. */
export function ownOpenQuote(turn: Turn, command: { readonly quoteId: string; readonly userId: string; readonly side: Side }): { market: Market; quote: Quote } | { refused: ReturnType<typeof notOpen> } {
  const quote = turn.floor.quote(command.quoteId);
  const market = quote && turn.floor.markets.get(quote.marketId);
  if (!quote || !market || quote.userId !== command.userId || quote.side !== command.side) return { refused: quoteNotFound(command.quoteId) };
  if (isPast(quote, turn.batch.at)) {
    expire(turn, market, quote);
    return { refused: notOpen('expired') };
  }
  return { market, quote };
}

export function keyed({ command, userId, key, bodyHash }: KeyedCommand): KeyedCommand {
  return { command, userId, key, bodyHash };
}
