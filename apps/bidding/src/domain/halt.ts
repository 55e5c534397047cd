import { type Outcome, refused } from './batch';
import { type KeyedCommand, keyed } from './cancel';
import { marketNotFound } from './errors';
import { isPast } from './expiry';
import type { Market } from './market';
import type { Quote } from './quote';
import { type Turn, counterpart, expire, match, rest, withdraw } from './settle';

export interface StateChange extends KeyedCommand {
  readonly marketId: string;
  readonly reason: string;
}

/** From this step on nothing matches; cancels and expiries go on. */
export function halt(turn: Turn, command: StateChange): Outcome {
  return change(turn, command, (market) => {
    if (market.state === 'halted') return;
    announce(turn, market, 'halted', command.reason);
  });
}

/** What waited enters in its old order: it rests under its priority, or matches at once. */
export function resume(turn: Turn, command: StateChange): Outcome {
  return change(turn, command, (market) => {
    if (market.state === 'open') return;
    announce(turn, market, 'resumed', command.reason);
    for (const quote of [...market.waiting.values()].sort((a, b) => a.prio - b.prio)) wake(turn, market, quote);
  });
}

function change(turn: Turn, command: StateChange, work: (market: Market) => void): Outcome {
  const market = turn.floor.markets.get(command.marketId);
  if (!market) return refused(marketNotFound(command.marketId));
  work(market);
  turn.batch.shards.add(market.shard);
  const done = { bookSeq: market.seq, state: market.publicState };
  turn.batch.answer({ ...keyed(command), done });
  return { done };
}

function announce(turn: Turn, market: Market, type: 'halted' | 'resumed', reason: string): void {
  turn.batch.announceState(market, type, reason);
  market.state = type === 'halted' ? 'halted' : 'open';
}

function wake(turn: Turn, market: Market, quote: Quote): void {
  if (isPast(quote, turn.batch.at)) return expire(turn, market, quote);
  const met = counterpart(turn, market, quote);
  if (met?.userId === quote.userId) return void withdraw(turn, market, quote, 'self_match');
  if (!met && quote.immediate) return void withdraw(turn, market, quote, 'no_liquidity');
  turn.batch.touch(quote);
  market.waiting.delete(quote.id);
  if (met) match(turn, market, { incoming: quote, resting: met });
  else rest(turn, market, quote, 'placed');
}
