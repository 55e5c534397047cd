import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLog } from '@libs/chassis/log';
import { InfluxConnection } from '../src/adapters/influx/influx-connection';
import { InfluxPriceHistory } from '../src/adapters/influx/influx-price-history';

const YEAR_S = 364 * 86_400;
const WEEK_S = 7 * 86_400;

/** A bucket as InfluxDB shows and changes it over HTTP. */
describe('the bucket of the price history', () => {
  let server: Server;
  let bucket: { everySeconds: number; shardGroupDurationSeconds: number } | undefined;
  let status = 200;
  let changes: unknown[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        response.setHeader('content-type', 'application/json');
        if (request.method === 'GET') return response.end(JSON.stringify({ buckets: bucket ? [{ id: 'b1', retentionRules: [bucket] }] : [] }));
        changes.push([request.url, JSON.parse(body)]);
        response.writeHead(status).end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => {
    [bucket, status, changes] = [undefined, 200, []];
  });

  const address = () => ({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, org: 'org', bucket: 'sales', token: { reveal: () => 'token' } });
  const widen = () => new InfluxConnection(address()).widenShards(YEAR_S);

  it('gets shards of a year, so that a chart of a year is quick, and keeps its data as long as before', async () => {
    bucket = { everySeconds: 0, shardGroupDurationSeconds: WEEK_S };
    expect(await widen()).toBe(true);
    expect(changes).toEqual([['/api/v2/buckets/b1', { retentionRules: [{ type: 'expire', everySeconds: 0, shardGroupDurationSeconds: YEAR_S }] }]]);
  });

  it.each([[{ everySeconds: 0, shardGroupDurationSeconds: 2 * YEAR_S }], [{ everySeconds: 30 * 86_400, shardGroupDurationSeconds: WEEK_S }]])('stays as it is when its shards are wide, or when it keeps less than a year: %j', async (kept) => {
    bucket = kept;
    expect([await widen(), changes]).toEqual([true, []]);
  });

  it('is used as it is with a token for its data alone', async () => {
    expect(await widen()).toBe(false);
    [bucket, status] = [{ everySeconds: 0, shardGroupDurationSeconds: WEEK_S }, 403];
    expect(await widen()).toBe(false);
  });

  it('is emptied however many sales it holds: that takes minutes, and is waited for', async () => {
    const limits = jest.spyOn(AbortSignal, 'timeout');
    await new InfluxPriceHistory(address(), silentLog()).clear();
    expect(changes).toHaveLength(3);
    expect(limits.mock.calls).toEqual([[240_000], [240_000], [240_000]]);
    limits.mockRestore();
  });

  it('is asked for again when the engine has a bad moment', async () => {
    [bucket, status] = [{ everySeconds: 0, shardGroupDurationSeconds: WEEK_S }, 503];
    await expect(widen()).rejects.toThrow('503');
  });
});
