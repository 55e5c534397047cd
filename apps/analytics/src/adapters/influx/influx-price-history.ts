import type { Log } from '@libs/chassis/log';
import { failpoint } from '@libs/kernel/failpoint';
import { type HistoryBatch, RemoteHistory } from '../../application/ports';
import type { Candle, Interval, Range, Scope } from '../../domain/candle';
import { candleQuery, candlesOf } from './candle-query';
import { type InfluxAddress, InfluxConnection } from './influx-connection';
import { candleLine, instantOf, measurements, nameOf, nanosOf, quoted, saleLine, SALES } from './points';

/** After a failure nobody waits for the engine again for this long. */
const REST_MS = 3_000;
/** Charts go back a year. In the engine's own shards of a week it would put each together from more than fifty of them. */
const SHARD_SECONDS = 364 * 86_400;

/** InfluxDB 2: sales by market, and the finest candles of products and brands. */
export class InfluxPriceHistory extends RemoteHistory {
  readonly target: string;
  private readonly influx: InfluxConnection;
  private restsUntil = -Infinity;
  private isPrepared = false;

  constructor(
    address: InfluxAddress,
    private readonly log: Log,
  ) {
    super();
    this.influx = new InfluxConnection(address);
    this.target = `influx ${address.url} ${address.org} ${address.bucket}`;
  }

  async candles(scope: Scope, interval: Interval, range: Range): Promise<Candle[]> {
    if (performance.now() < this.restsUntil) throw new Error('the price history rests after a failure');
    try {
      return candlesOf(await this.influx.rows(candleQuery(this.influx.address.bucket, scope, interval, range)));
    } catch (error) {
      this.restsUntil = performance.now() + REST_MS;
      this.log.warn({ error: error instanceof Error ? error.message : String(error) }, 'the price history does not answer: charts come from the trades');
      throw error;
    }
  }

  async write({ sales, gone, buckets }: HistoryBatch): Promise<void> {
    await this.prepare();
    // What is gone first: a sale at the same place would go with it.
    for (const { marketId, ...place } of gone) {
      const at = instantOf(nanosOf(place));
      await this.influx.remove(at, at, `_measurement="${SALES}" AND market=${quoted(marketId)}`);
    }
    await this.influx.write(sales.map(saleLine));
    failpoint('analytics.midBulk');
    for (const { scope, start, candle } of buckets) {
      if (candle) continue;
      await this.influx.remove(start.toISOString(), start.toISOString(), `_measurement="${measurements[scope.kind]}" AND ${scope.kind}=${quoted(nameOf(scope))}`);
    }
    await this.influx.write(buckets.flatMap((bucket) => candleLine(bucket) ?? []));
  }

  async clear(): Promise<void> {
    for (const measurement of Object.values(measurements)) await this.influx.clear(measurement);
  }

  /** Before anything is written: shards that are there stay as they are. */
  private async prepare(): Promise<void> {
    if (this.isPrepared) return;
    if (!(await this.influx.widenShards(SHARD_SECONDS))) this.log.info({}, 'the token may not widen the shards of the bucket: with narrow ones charts over a year take longer');
    this.isPrepared = true;
  }
}
