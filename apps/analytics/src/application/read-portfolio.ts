import { Injectable } from '@nestjs/common';
import { uuidOf } from '@libs/kernel/ids';
import { pageSize } from '@libs/kernel/page-size';
import { cursorInvalid } from '../domain/errors';
import { Portfolio, type PortfolioItem } from './collections';
import { Owners, Sales } from './ports';

export interface Worth {
  readonly atHighestBid: number | undefined;
  readonly atLastSale: number | undefined;
}

export interface PortfolioValue {
  readonly owned: number;
  readonly sold: number;
  readonly cost: number;
  readonly atHighestBid: number;
  readonly atLastSale: number;
  readonly unrealisedAtHighestBid: number;
  readonly unrealisedAtLastSale: number;
  readonly realised: number;
  readonly isDegraded: boolean;
}

/** What the portfolio is worth: at what somebody would pay now, and at what was paid last. */
@Injectable()
export class ReadPortfolio {
  constructor(
    private readonly portfolio: Portfolio,
    private readonly sales: Sales,
    private readonly owners: Owners,
  ) {}

  async execute(userId: string, limit: number, cursor: string): Promise<{ items: (PortfolioItem & Worth)[]; nextCursor: string; value: PortfolioValue }> {
    if (cursor !== '' && !uuidOf('pfi', cursor)) throw cursorInvalid();
    const size = pageSize(limit);
    const [found, all] = await Promise.all([this.portfolio.page(userId, size + 1, cursor || undefined), this.portfolio.all(userId)]);
    const owned = all.filter(({ sold }) => !sold);
    const marketIds = [...new Set(owned.map(({ marketId }) => marketId))];
    const [last, bids] = await Promise.all([this.sales.lastOf(marketIds), this.owners.highestBids(marketIds)]);
    const worth = (item: PortfolioItem): Worth => (item.sold ? { atHighestBid: undefined, atLastSale: undefined } : { atHighestBid: bids?.get(item.marketId), atLastSale: last.get(item.marketId) });
    const items = found.slice(0, size).map((item) => ({ ...item, ...worth(item) }));
    return { items, nextCursor: found.length > size ? (items.at(-1)?.id ?? '') : '', value: valueOf(all.map((item) => ({ ...item, ...worth(item) })), bids === undefined) };
  }
}

function valueOf(items: readonly (PortfolioItem & Worth)[], isDegraded: boolean): PortfolioValue {
  const sum = (numbers: readonly (number | undefined)[]) => numbers.reduce<number>((total, one) => total + (one ?? 0), 0);
  const gain = (worth: number | undefined, cost: number) => (worth === undefined ? undefined : worth - cost);
  const owned = items.filter(({ sold }) => !sold);
  const sold = items.flatMap((item) => (item.sold ? [item.sold.proceeds.minor - item.cost.minor] : []));
  return {
    owned: owned.length,
    sold: sold.length,
    cost: sum(owned.map(({ cost }) => cost.minor)),
    atHighestBid: sum(owned.map(({ atHighestBid }) => atHighestBid)),
    atLastSale: sum(owned.map(({ atLastSale }) => atLastSale)),
    unrealisedAtHighestBid: sum(owned.map(({ atHighestBid, cost }) => gain(atHighestBid, cost.minor))),
    unrealisedAtLastSale: sum(owned.map(({ atLastSale, cost }) => gain(atLastSale, cost.minor))),
    realised: sum(sold),
    isDegraded,
  };
}
