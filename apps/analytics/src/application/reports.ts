import type { Sums } from '../domain/statistics';
import type { Sale } from './ports';

export interface Totals {
  readonly sales: number;
  readonly revenue: number;
}

export interface MarketFigures {
  readonly last: readonly Sale[];
  readonly high: number | undefined;
  readonly low: number | undefined;
  readonly year: Sums;
  readonly retail: number | undefined;
  readonly last72Hours: number;
  readonly thisPeriod: number;
  readonly lastPeriod: number;
  readonly totals: Totals;
}

export interface SizeFigures {
  readonly marketId: string;
  readonly size: string;
  readonly totals: Totals;
  readonly last: number;
  readonly lastAt: Date;
}

export interface Mover {
  readonly marketId: string;
  readonly productId: string;
  readonly size: string;
  readonly currency: string;
  readonly last: number;
  readonly before: number;
  readonly sales: number;
}

/** Sales of a time, and what the same pairs cost at retail, where that is known. */
export interface AgainstRetail extends Totals {
  readonly priced: number;
  readonly retail: number;
}

export interface BrandFigures {
  readonly brand: string;
  readonly now: AgainstRetail;
  readonly before: AgainstRetail;
}

export interface Summary {
  readonly allTime: Totals;
  readonly recent: Totals;
  readonly lastAt: Date | undefined;
}

export interface Kpis {
  readonly allTime: Totals;
  readonly lastDay: Totals;
  readonly recent: Totals;
  readonly matches: number;
  readonly busts: number;
  readonly unpaidBusts: number;
  readonly buyers: number;
  readonly sellers: number;
  readonly markets: number;
  readonly openAsks: number;
}

/** Figures over many sales. All times are counted back from `now`. */
export abstract class Reports {
  abstract market(marketId: string, now: Date): Promise<MarketFigures>;
  abstract sizes(productId: string): Promise<SizeFigures[]>;
  abstract salesSince(scope: { readonly productId: string } | { readonly brand: string }, since: Date): Promise<number>;
  abstract movers(since: Date, isUp: boolean, limit: number): Promise<Mover[]>;
  abstract brands(now: Date): Promise<BrandFigures[]>;
  abstract brand(brand: string, now: Date): Promise<(BrandFigures & { readonly allTime: Totals }) | undefined>;
  abstract summary(side: 'buyer' | 'seller', userId: string, now: Date): Promise<Summary>;
  abstract kpis(now: Date): Promise<Kpis>;
}
