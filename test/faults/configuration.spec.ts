import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD } from '@libs/testing/exchange-process';
import { temporaryFolder } from '@libs/testing/temporary-folder';

const START_MS_MAX = 60_000;

async function starts(main: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [join(BUILD, 'apps', main), ...args], { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((done) => child.once('close', (code) => done({ code, said })));
}

const named = (said: string): string[] => [...said.matchAll(/^ {2}([A-Z_]+): /gm)].map(([, key]) => key ?? '').sort();

describe('a wrong configuration is refused, and every wrong key is named at once', () => {
  jest.setTimeout(START_MS_MAX);

  it('by a single service, which also says what is missing, and shows no value', async () => {
    const wrong = { LOG_LEVEL: 'loud', DATABASE_POOL_SIZE: 'some', SANDBOX_URL: 'nowhere', BIDDING_INTERNAL_PORT: '700000', MAX_OPEN_QUOTES: '0', BUS_DATABASE_URL: 'mysql://pairwise:hunter2@127.0.0.1/bus' };
    const missing = ['BIDDING_DATABASE_URL', 'SERVICE_KEY_FILE', 'SERVICE_JWKS_FILE'];
    const { code, said } = await starts('bidding/src/main.js', [], wrong);
    expect([code, named(said)]).toEqual([1, [...Object.keys(wrong), ...missing].sort()]);
    expect(said).not.toContain('hunter2');
  });

  it.each([['in one process', []], ['with one process per service', ['--split']]])('by an exchange %s, whichever services they belong to', async (_form, args) => {
    const data = temporaryFolder('exchange');
    try {
      const wrong = { DATABASE_POOL_SIZE: 'some', MAX_OPEN_QUOTES: 'many', STRIPE_TIMEOUT_MS: '1', PASSWORD_WORKERS: 'all', TRADE_DEADLINE_MS: 'soon' };
      const { code, said } = await starts('standalone/src/main.js', ['--data', data, '--free-ports', '--no-seed', ...args], wrong);
      expect([code, named(said)]).toEqual([1, Object.keys(wrong).sort()]);
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  });

  it('by an exchange that charges real cards and has nowhere to send mails, text messages and parcels', async () => {
    const data = temporaryFolder('exchange');
    try {
      const { code, said } = await starts('standalone/src/main.js', ['--data', data, '--free-ports', '--no-seed'], { STRIPE_SECRET_KEY: 'sk_test_hunter2' });
      expect([code, named(said)]).toEqual([1, ['CARRIER_URL', 'SENDGRID_API_KEY', 'TWILIO_ACCOUNT_SID']]);
      expect(said).not.toContain('hunter2');
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  });
});
