import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import type { Money } from '@libs/kernel/money';
import { pageSize } from '@libs/kernel/page-size';
import { brandNotFound, cursorInvalid, productNotFound, valueUnknown } from '../domain/errors';
import { FindMarket } from './find-market';
import { Asks, Catalogue, type Sale, type SalePlace, Sales } from './ports';
import { type BrandFigures, type Kpis, type MarketFigures, type Mover, Reports, type SizeFigures, type Summary, type Totals } from './reports';

const HOUR_MS = 3_600_000;
const windows: Readonly<Record<string, number>> = { '24h': 24 * HOUR_MS, '7d': 7 * 24 * HOUR_MS, '30d': 30 * 24 * HOUR_MS };

/** Sales, and what can be said of them. */
@Injectable()
export class ReadPrices {
  constructor(
    private readonly sales: Sales,
    private readonly reports: Reports,
    private readonly catalogue: Catalogue,
    private readonly markets: FindMarket,
    private readonly asks: Asks,
    private readonly clock: Clock,
  ) {}

  async salesOf(marketId: string, limit: number, cursor: string): Promise<{ sales: Sale[]; nextCursor: string }> {
    await this.markets.execute(marketId);
    const size = pageSize(limit);
    const found = await this.sales.page(marketId, size + 1, cursor === '' ? undefined : placeOf(cursor));
    const sales = found.slice(0, size);
    const last = sales.at(-1);
    return { sales, nextCursor: found.length > size && last ? cursorOf(last) : '' };
  }

  recent(limit: number): Promise<Sale[]> {
    return this.sales.recent(pageSize(limit));
  }

  async market(marketId: string): Promise<MarketFigures & { currency: string; lowestAsk: Money | undefined }> {
    const market = await this.markets.execute(marketId);
    const now = this.clock.now();
    const [figures, lowestAsk] = await Promise.all([this.reports.market(marketId, now), this.asks.lowest(marketId, now)]);
    return { ...figures, currency: market.currency, lowestAsk };
  }

  async product(productId: string): Promise<{ sizes: SizeFigures[]; totals: Totals; last72Hours: number }> {
    if ((await this.catalogue.marketsOf(productId)).length === 0) throw productNotFound(productId);
    const sizes = await this.reports.sizes(productId);
    const totals = sizes.reduce((sum, one) => ({ sales: sum.sales + one.totals.sales, revenue: sum.revenue + one.totals.revenue }), { sales: 0, revenue: 0 });
    return { sizes, totals, last72Hours: await this.reports.salesSince({ productId }, this.ago(72 * HOUR_MS)) };
  }

  async movers(window: string, direction: string, limit: number): Promise<Mover[]> {
    const ms = windows[window];
    if (ms === undefined) throw valueUnknown('window');
    if (direction !== 'up' && direction !== 'down') throw valueUnknown('direction');
    return this.reports.movers(this.ago(ms), direction === 'up', pageSize(limit));
  }

  indices(): Promise<BrandFigures[]> {
    return this.reports.brands(this.clock.now());
  }

  async brand(brand: string): Promise<BrandFigures & { allTime: Totals; last72Hours: number }> {
    const figures = await this.reports.brand(brand, this.clock.now());
    if (!figures) throw brandNotFound();
    return { ...figures, last72Hours: await this.reports.salesSince({ brand }, this.ago(72 * HOUR_MS)) };
  }

  summary(side: 'buyer' | 'seller', userId: string): Promise<Summary> {
    return this.reports.summary(side, userId, this.clock.now());
  }

  kpis(): Promise<Kpis> {
    return this.reports.kpis(this.clock.now());
  }

  private ago(ms: number): Date {
    return new Date(this.clock.now().getTime() - ms);
  }
}

function cursorOf({ soldAt, sequence }: SalePlace): string {
  return `${soldAt.getTime()}.${sequence}`;
}

function placeOf(cursor: string): SalePlace {
  const [, ms, sequence] = /^(\d{1,14})\.(\d{1,15})$/.exec(cursor) ?? [];
  if (ms === undefined || sequence === undefined) throw cursorInvalid();
  return { soldAt: new Date(Number(ms)), sequence: Number(sequence) };
}
