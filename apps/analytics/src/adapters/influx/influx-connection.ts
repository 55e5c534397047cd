import { InfluxDB, setLogger } from '@influxdata/influxdb-client';

export interface InfluxAddress {
  readonly url: string;
  readonly org: string;
  readonly bucket: string;
  readonly token: { reveal(): string };
}

const QUERY_MS_MAX = 2_000;
const WRITE_MS_MAX = 15_000;
/** To delete all points of a measurement takes the engine a minute and more when there are a million. */
const CLEAR_MS_MAX = 240_000;

/** All that the engine can hold. */
const EVER = ['1970-01-01T00:00:00Z', '2200-01-01T00:00:00Z'] as const;

interface Buckets {
  readonly buckets: readonly { readonly id: string; readonly retentionRules: readonly { readonly everySeconds: number; readonly shardGroupDurationSeconds: number }[] }[];
}
/** Kept for ever, in shards as the engine makes them by itself. */
const UNSET = { everySeconds: 0, shardGroupDurationSeconds: 0 };

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
  remove(start: string, stop: string, predicate: string): Promise<void> {
    return this.delete({ start, stop, predicate }, WRITE_MS_MAX);
  }

  clear(measurement: string): Promise<void> {
    const [start, stop] = EVER;
    return this.delete({ start, stop, predicate: `_measurement="${measurement}"` }, CLEAR_MS_MAX);
  }

  private async delete(what: { readonly start: string; readonly stop: string; readonly predicate: string }, withinMs: number): Promise<void> {
    const { org, bucket } = this.address;
    const answer = await this.call(['POST', `delete?${new URLSearchParams({ org, bucket }).toString()}`], what, withinMs);
    if (!answer.ok) throw new Error(`the history answered ${answer.status} to a delete`);
    await answer.arrayBuffer();
  }

  /** For the shards that will be made from now on, where the bucket keeps its data as long as that. Answers whether the token is allowed to. */
  async widenShards(seconds: number): Promise<boolean> {
    const { org, bucket: name } = this.address;
    const listed = await this.call(['GET', `buckets?${new URLSearchParams({ org, name }).toString()}`]);
    const [bucket] = listed.ok ? ((await listed.json()) as Buckets).buckets : []; // As the engine documents it.
    if (!bucket) return mayNot(listed.status);
    const [{ everySeconds, shardGroupDurationSeconds } = UNSET] = bucket.retentionRules;
    if (shardGroupDurationSeconds >= seconds || (everySeconds !== 0 && everySeconds < seconds)) return true;
    const changed = await this.call(['PATCH', `buckets/${bucket.id}`], { retentionRules: [{ type: 'expire', everySeconds, shardGroupDurationSeconds: seconds }] });
    await changed.arrayBuffer();
    return changed.ok || mayNot(changed.status);
  }

  private call([method, path]: readonly ['GET' | 'POST' | 'PATCH', string], body?: object, withinMs = WRITE_MS_MAX): Promise<Response> {
    const { url, token } = this.address;
    return fetch(new URL(`/api/v2/${path}`, url), {
      method, headers: { authorization: `Token ${token.reveal()}`, 'content-type': 'application/json' }, ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(withinMs),
    });
  }
}

/** A token for the data of the bucket alone sees no bucket, or may not change it; anything else is a failure. */
function mayNot(status: number): false {
  if (status >= 500) throw new Error(`the history answered ${status} about its bucket`);
  return false;
}
