import { request } from 'node:http';
import { AppError } from '@libs/kernel/app-error';
import { accessToken } from './session-keys';
import { ask, type RunningGateway, startGateway } from './start-gateway';

const LINES = 2_000;
const token = accessToken({ n: 1 });

/** What a body of this length is answered, before any of it is sent. */
function announced(url: string, length: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'idempotency-key': 'larger', 'content-type': 'application/json', 'content-length': length } }, (answer) => {
      resolve(answer.statusCode);
      asking.destroy();
    });
    asking.on('error', reject);
    asking.flushHeaders();
  });
}

describe('a portfolio at the door', () => {
  let gateway: RunningGateway;
  let isBroken = false;
  beforeAll(async () => {
    gateway = await startGateway({
      collection: {
        exportPortfolio: async () => {
          if (isBroken) throw new AppError('unavailable', 'rpc.unavailable', 'Away.');
          return { csv: 'market_id,cost\r\nmkt_1,"1,00"\r\n' };
        },
        importPortfolio: async ({ csv }) => ({ imported: csv.split('\n').length - 1, alreadyThere: 0, errors: [] }),
      },
    });
  });
  afterAll(() => gateway.stop());

  it('is downloaded as a CSV file, and what goes wrong is a problem document as everywhere', async () => {
    const { status, headers, text } = await ask(gateway.url, 'GET', '/v1/portfolio/export', { token });
    expect([status, headers.get('content-type'), headers.get('content-disposition')]).toEqual([200, 'text/csv; charset=utf-8; header=present', 'attachment; filename="portfolio.csv"']);
    expect(text).toBe('market_id,cost\r\nmkt_1,"1,00"\r\n');
    isBroken = true;
    const failed = await ask(gateway.url, 'GET', '/v1/portfolio/export', { token });
    expect([failed.status, failed.headers.get('content-type')]).toEqual([503, expect.stringContaining('application/problem+json')]);
  });

  it('comes in whole, as long as one may be; other bodies have their usual limit', async () => {
    const line = `mkt_${'0'.repeat(26)},449.50,USD,2026-01-31,${'a note '.repeat(10)},,,pfi_${'0'.repeat(26)},prd_${'0'.repeat(26)},9,manual`;
    const csv = ['market_id', ...Array.from({ length: LINES }, () => line)].join('\n');
    const { status, body } = await ask(gateway.url, 'POST', '/v1/portfolio/import', { token, key: 'whole', body: { csv } });
    expect([status, body.imported]).toEqual([200, LINES]);
    expect(await announced(`${gateway.url}/v1/portfolio/import`, 2_000_001)).toBe(413);
    expect(await announced(`${gateway.url}/v1/watchlists`, csv.length)).toBe(413);
  });
});
