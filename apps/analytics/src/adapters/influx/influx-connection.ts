import { InfluxDB, setLogger } from '@influxdata/influxdb-client';

export interface InfluxAddress {
  readonly url: string;
  readonly org: string;
  readonly bucket: string;
  readonly token: { reveal(): string };
}

const QUERY_MS_MAX = 2_000;
const WRITE_MS_MAX = 15_000;

export type InfluxRow = Readonly<Record<string, string | number>>;

/** What the client does not promise: a write that is confirmed or fails, and deletes. */
export class InfluxConnection {
  private readonly reads: InfluxDB;
  private readonly writes: InfluxDB;

  constructor(readonly address: InfluxAddress) {
    // It would write each failure to the console, token and all; whoever calls hears of it.
    setLogger({ error: () => undefined, warn: () => undefined });
    const { url, token } = address;
    this.reads = new InfluxDB({ url, token: token.reveal(), timeout: QUERY_MS_MAX });
    this.writes = new InfluxDB({ url, token: token.reveal(), timeout: WRITE_MS_MAX });
  }

  rows(flux: string): Promise<InfluxRow[]> {
    return this.reads.getQueryApi(this.address.org).collectRows<InfluxRow>(flux);
  }

  /** `close()` and `flush()` of the client await the last buffer alone and hide failures: one buffer holds all lines here, and what was confirmed is counted. */
  async write(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const { org, bucket } = this.address;
    let confirmed = 0;
    const api = this.writes.getWriteApi(org, bucket, 'ns', {
      batchSize: lines.length + 1, maxBatchBytes: Number.MAX_SAFE_INTEGER, flushInterval: 0, maxRetries: 0, gzipThreshold: 10_000,
      writeFailed: (error) => Promise.reject(error),
      writeSuccess: (written) => void (confirmed += written.length),
    });
    api.writeRecords([...lines]);
    await api.flush();
    await api.close();
    if (confirmed !== lines.length) throw new Error(`of ${lines.length} points ${confirmed} were confirmed`);
  }

  /** Instants as RFC 3339 with nanoseconds, both inclusive; a predicate names tags alone. */
  async remove(start: string, stop: string, predicate: string): Promise<void> {
    const { url, org, bucket, token } = this.address;
    const target = new URL(`/api/v2/delete?${new URLSearchParams({ org, bucket }).toString()}`, url);
    const answer = await fetch(target, {
      method: 'POST', headers: { authorization: `Token ${token.reveal()}`, 'content-type': 'application/json' }, body: JSON.stringify({ start, stop, predicate }),
      signal: AbortSignal.timeout(WRITE_MS_MAX),
    });
    if (!answer.ok) throw new Error(`the history answered ${answer.status} to a delete`);
    await answer.arrayBuffer();
  }
}
