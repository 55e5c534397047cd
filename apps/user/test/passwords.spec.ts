import { join } from 'node:path';
import { Activity } from '@libs/chassis/activity';
import { Metrics } from '@libs/chassis/metrics';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { BcryptPasswords } from '../src/adapters/crypto/bcrypt-passwords';
import { HashPool } from '../src/adapters/crypto/hash-pool';
import { UserSecrets } from '../src/adapters/crypto/secrets';
import { UserConfig } from '../src/user.config';

const QUEUE_MAX = 32;

describe('the hashing of passwords', () => {
  it('refuses whoever comes when 32 wait already, at once, and serves all the others', async () => {
    const pool = new HashPool(1);
    const job = { text: 'x', cost: 4 };
    const accepted = Array.from({ length: 1 + QUEUE_MAX }, () => pool.run(job));
    await expect(pool.run(job)).rejects.toMatchObject({ code: 'user.login_busy', kind: 'unavailable' });
    for (const hash of await Promise.all(accepted)) expect(hash).toMatch(/^\$2b\$04\$/);
    await expect(pool.run(job)).resolves.toMatch(/^\$2b\$04\$/);
    expect(pool.size).toBe(0);
    await pool.close();
  });

  it('goes on after a job that cannot be done', async () => {
    const pool = new HashPool(1);
    // A cost that is no number is what bcrypt throws at.
    const impossible = { text: 'x', cost: 'high' as unknown as number };
    const results = await Promise.allSettled([pool.run(impossible), pool.run({ text: 'x', cost: 4 })]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    await pool.close();
  });

  it('lets nobody wait for ever when the service stops', async () => {
    const pool = new HashPool(1);
    const waiting = Promise.allSettled(Array.from({ length: 5 }, () => pool.run({ text: 'x', cost: 12 })));
    await pool.close();
    for (const result of await waiting) expect(result.status).toBe('rejected');
    await expect(pool.run({ text: 'x', cost: 4 })).rejects.toMatchObject({ code: 'user.login_busy' });
  });

  it('takes as long for an account that does not exist as for a wrong password', async () => {
    const config = new UserConfig({ NODE_ENV: 'test', BCRYPT_COST: '9', PASSWORD_WORKERS: '1', USER_SECRETS_FILE: join(temporaryFolder('user'), 'user.json') });
    const passwords = new BcryptPasswords(config, new UserSecrets(config), new Activity(), new Metrics('user'));
    const hash = await passwords.hash('correct horse battery');
    const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
    for (let n = 0; n < 15; n++)
      for (const who of ['known', 'unknown'] as const) {
        // What this process has worked, whoever else works on the machine.
        const start = process.cpuUsage();
        expect(await passwords.matches('wrong horse battery', who === 'known' ? hash : undefined)).toBe(false);
        const { user, system } = process.cpuUsage(start);
        times[who].push(user + system);
      }
    // The fastest of each is the work alone; without a comparison it would be a thousandth.
    const [known, unknown] = [Math.min(...times.known), Math.min(...times.unknown)];
    expect(unknown / known).toBeGreaterThan(0.7);
    expect(unknown / known).toBeLessThan(1.4);
    await passwords.onApplicationShutdown();
  });
});
