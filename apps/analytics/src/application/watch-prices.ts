import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Replays } from '@libs/events/replays';
import { Clock } from '@libs/kernel/clock';
import { moneyToMessage } from '@libs/kernel/money';
import { timestampOf } from '@libs/kernel/timestamp';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { type Cause, crosses, FALL_WINDOW_MS, hasDropped, hasFallen, QUIET_MS } from '../domain/price-drop';
import { Asks, type LowestAskChange, Watchers } from './ports';

const CHANGES_AT_ONCE = 500;
/** Of one event: what is behind reads them all at once. */
const USERS_AN_EVENT_MAX = 500;

/** Looks at the lowest ask of markets that have moved, and tells those whom a drop concerns. */
@Injectable()
export class WatchPrices {
  constructor(
    private readonly asks: Asks,
    private readonly watchers: Watchers,
    private readonly outbox: Outbox,
    private readonly transactions: Transactions,
    private readonly clock: Clock,
    private readonly replays: Replays,
  ) {}

  /** Answers whether there may be more. Asks that a replay shows again were the lowest once, and are no news. */
  async pass(): Promise<boolean> {
    if (await this.replays.isUnderWay('analytics')) return false;
    const now = this.clock.now();
    return this.transactions.run(async (tx) => {
      const { looked, changes } = await this.asks.lookAgain(tx, CHANGES_AT_ONCE, now);
      for (const change of changes) await this.tell(tx, change, now);
      return looked === CHANGES_AT_ONCE;
    });
  }

  /** What was longer ago than a fall is measured over, or than somebody is left in peace; answers whether there may be more. */
  async prune(): Promise<boolean> {
    const now = this.clock.now().getTime();
    await this.asks.forget(new Date(now - FALL_WINDOW_MS));
    await this.watchers.forget(new Date(now - QUIET_MS));
    return this.asks.forgetClosed();
  }

  private async tell(tx: Transaction, change: LowestAskChange, at: Date): Promise<void> {
    const lowest = { now: change.now?.minor, before: change.before?.minor, highest: change.highest };
    if (!hasDropped(lowest)) return;
    const crossed = (await this.watchers.thresholds(tx, change.marketId)).filter(({ threshold }) => crosses(lowest, threshold)).map(({ userId }) => userId);
    await this.announce(tx, change, { at, cause: 'threshold', userIds: crossed });
    if (hasFallen(lowest)) await this.announce(tx, change, { at, cause: 'fall', userIds: await this.watchers.ofMarket(tx, change.marketId) });
  }

  private async announce(tx: Transaction, { marketId, productId, size, now, before, highest }: LowestAskChange, { at, cause, userIds }: { at: Date; cause: Cause; userIds: readonly string[] }): Promise<void> {
    if (userIds.length === 0 || !now) return;
    const quietSince = new Date(at.getTime() - QUIET_MS);
    const told = await this.watchers.claim(tx, [...new Set(userIds)], { marketId, at, quietSince });
    const was = cause === 'fall' && highest !== undefined ? { currency: now.currency, minor: highest } : before;
    for (let from = 0; from < told.length; from += USERS_AN_EVENT_MAX) {
      this.outbox.add(tx, 'price.dropped', marketId, {
        marketId, productId, size, cause,
        userIds: told.slice(from, from + USERS_AN_EVENT_MAX),
        lowestAsk: moneyToMessage(now),
        ...(was && { before: moneyToMessage(was) }),
        at: timestampOf(at),
      });
    }
  }
}
