import { fluxString } from '@influxdata/influxdb-client';
import type { Candle, Interval, Range, Scope } from '../../domain/candle';
import type { InfluxRow } from './influx-connection';
import { measurements, nameOf } from './points';

/** Weeks of the engine begin on Thursday, when its time began; ours on Monday, four days later: three days earlier would be the same, but then it does not count where the data lie. */
const every: Record<Interval, string> = { '5m': 'every: 5m', '1h': 'every: 1h', '1d': 'every: 1d', '1w': 'every: 1w, offset: 4d', '1mo': 'every: 1mo' };

type Figure = Exclude<keyof Candle, 'start'>;
/** From single prices, and from the finest candles. */
const fromSales: Record<Figure, readonly [field: string, fn: string]> = { open: ['price', 'first'], high: ['price', 'max'], low: ['price', 'min'], close: ['price', 'last'], sales: ['price', 'count'], revenue: ['price', 'sum'] };
const fromCandles: Record<Figure, readonly [field: string, fn: string]> = { open: ['open', 'first'], high: ['high', 'max'], low: ['low', 'min'], close: ['close', 'last'], sales: ['sales', 'sum'], revenue: ['revenue', 'sum'] };

/** Six passes over one series, each of which the engine does where the data lie. */
export function candleQuery(bucket: string, scope: Scope, interval: Interval, { from, to }: Range): string {
  const series = `from(bucket: ${text(bucket)})
  |> range(start: ${from.toISOString()}, stop: ${to.toISOString()})
  |> filter(fn: (r) => r._measurement == ${text(measurements[scope.kind])} and r.${scope.kind} == ${text(nameOf(scope))}`;
  const figures = Object.entries(scope.kind === 'market' ? fromSales : fromCandles);
  return figures
    .map(([figure, [field, fn]]) => `${series} and r._field == ${text(field)})
  |> aggregateWindow(${every[interval]}, fn: ${fn}, timeSrc: "_start", createEmpty: false)
  |> keep(columns: ["_time", "_value"])
  |> yield(name: ${text(figure)})`)
    .join('\n\n');
}

export function candlesOf(rows: readonly InfluxRow[]): Candle[] {
  const byStart = new Map<string, Record<string, number>>();
  for (const { result, _time: time, _value: value } of rows) {
    const figures = byStart.get(String(time)) ?? {};
    figures[String(result)] = Number(value);
    byStart.set(String(time), figures);
  }
  const candles = [...byStart].map(([time, figures]) => {
    const of = (name: Figure): number => {
      const value = figures[name];
      if (value === undefined || !Number.isSafeInteger(value)) throw new Error(`the history's candle of ${time} lacks its ${name}`);
      return value;
    };
    return { start: new Date(time), open: of('open'), high: of('high'), low: of('low'), close: of('close'), sales: of('sales'), revenue: of('revenue') };
  });
  return candles.sort((a, b) => a.start.getTime() - b.start.getTime());
}

function text(value: string): string {
  return fluxString(value).toString();
}
