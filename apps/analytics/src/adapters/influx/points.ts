import { Point } from '@influxdata/influxdb-client';
import type { HistoryBatch, Sale, SalePlace } from '../../application/ports';
import type { Scope } from '../../domain/candle';

type Bucket = HistoryBatch['buckets'][number];

export const SALES = 'sales';
export const measurements: Record<Scope['kind'], string> = { market: SALES, product: 'product_candles', brand: 'brand_candles' };

const NANOS_A_MS = 1_000_000n;

/** Two sales of one market at one instant must not be one point: the number in the book rides in the nanoseconds. */
export function nanosOf({ soldAt, sequence }: SalePlace): bigint {
  return BigInt(soldAt.getTime()) * NANOS_A_MS + (BigInt(sequence) % NANOS_A_MS);
}

export function instantOf(nanos: bigint): string {
  const ms = nanos / NANOS_A_MS;
  const whole = new Date(Number(ms)).toISOString();
  return `${whole.slice(0, -1)}${String(nanos % NANOS_A_MS).padStart(6, '0')}Z`;
}

/** The market is the only tag: a second one would split the series and slow every chart down. */
export function saleLine(sale: Sale): string {
  return lineOf(
    new Point(SALES).tag('market', sale.marketId).intField('price', sale.price).stringField('trade', sale.matchId).stringField('product', sale.productId).stringField('size', sale.size)
      .intField('sequence', sale.sequence).timestamp(String(nanosOf(sale))),
  );
}

/** A product's and a brand's finest candles, from which the wider ones are made. */
export function candleLine({ scope, start, candle }: Bucket): string | undefined {
  if (!candle) return undefined;
  const { open, high, low, close, sales, revenue } = candle;
  const point = new Point(measurements[scope.kind]).tag(scope.kind, nameOf(scope));
  for (const [name, value] of Object.entries({ open, high, low, close, sales, revenue })) point.intField(name, value);
  return lineOf(point.timestamp(String(BigInt(start.getTime()) * NANOS_A_MS)));
}

export const nameOf = (scope: Scope): string => (scope.kind === 'brand' ? scope.brand : scope.id);

function lineOf(point: Point): string {
  const line = point.toLineProtocol();
  if (line === undefined) throw new Error('a point without a field');
  return line;
}

/** In a predicate and in Flux. */
export function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
