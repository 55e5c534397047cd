import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { bucketAfter, bucketCount, type Candle, type Interval, isInterval, type Range, type Scope, wholeBuckets } from '../domain/candle';
import { brandNotFound, productNotFound, rangeInvalid, rangeTooWide, valueUnknown } from '../domain/errors';
import { FindMarket } from './find-market';
import { Catalogue, Histories, UnwrittenTrades } from './ports';
import { Reports } from './reports';

const BUCKETS_DEFAULT = 100;
const BUCKETS_MAX = 1_000;
/** A history that is further behind than this does not show what has been sold. */
const BEHIND_S = 5;

export interface CandleQuery {
  readonly scope: string;
  readonly of: string;
  readonly interval: string;
  readonly from: Date | undefined;
  readonly to: Date | undefined;
}

export interface Chart extends Range {
  readonly candles: readonly Candle[];
  readonly isDegraded: boolean;
}

/** Candles from the history that was chosen; when it is down or behind, from the trades themselves. */
@Injectable()
export class ReadCandles {
  constructor(
    private readonly histories: Histories,
    private readonly unwritten: UnwrittenTrades,
    private readonly catalogue: Catalogue,
    private readonly markets: FindMarket,
    private readonly reports: Reports,
    private readonly clock: Clock,
  ) {}

  async execute({ scope, of, interval, from, to }: CandleQuery): Promise<Chart> {
    if (!isInterval(interval)) throw valueUnknown('interval');
    const range = this.range(interval, from, to);
    return { ...range, ...(await this.candles(await this.scopeOf(scope, of), interval, range)) };
  }

  private async candles(scope: Scope, interval: Interval, range: Range): Promise<Pick<Chart, 'candles' | 'isDegraded'>> {
    const { remote, local } = this.histories;
    const found = remote && !(await this.unwritten.isBehind(BEHIND_S)) ? await remote.candles(scope, interval, range).catch(() => undefined) : undefined;
    return { candles: found ?? (await local.candles(scope, interval, range)), isDegraded: remote !== undefined && found === undefined };
  }

  private range(interval: Interval, from: Date | undefined, to = this.clock.now()): Range {
    if (from && from >= to) throw rangeInvalid();
    const end = wholeBuckets(interval, { from: to, to }).to;
    const range = from ? wholeBuckets(interval, { from, to }) : { from: bucketAfter(interval, end, -BUCKETS_DEFAULT), to: end };
    if (bucketCount(interval, range, BUCKETS_MAX) > BUCKETS_MAX) throw rangeTooWide(BUCKETS_MAX);
    return range;
  }

  private async scopeOf(scope: string, of: string): Promise<Scope> {
    switch (scope) {
      case 'market':
        await this.markets.execute(of);
        return { kind: 'market', id: of };
      case 'product':
        if ((await this.catalogue.marketsOf(of)).length === 0) throw productNotFound(of);
        return { kind: 'product', id: of };
      case 'brand':
        if (!(await this.reports.brand(of, this.clock.now()))) throw brandNotFound();
        return { kind: 'brand', brand: of };
      default:
        throw valueUnknown('scope');
    }
  }
}
