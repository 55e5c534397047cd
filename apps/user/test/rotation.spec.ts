import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { uuidOf } from '@libs/kernel/ids';
import { Transactions } from '@libs/postgres/transaction';
import { BUILD, until } from '@libs/testing/exchange-process';
import type { TestService } from '@libs/testing/start-test-service';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { newEmail, Person, Postbox, START_MS_MAX, startUserService } from './people';

const secrets = join(temporaryFolder('user'), 'user.json');
const postbox = new Postbox();
let service: TestService;
beforeAll(async () => {
  service = await startUserService({ USER_SECRETS_FILE: secrets }, postbox);
}, START_MS_MAX);
afterAll(() => service.stop());

const COMMAND_MS_MAX = 60_000;
const main = join(BUILD, 'apps/user/src/rotate-keys.js');
const kidsInFile = (): string[] => (JSON.parse(readFileSync(secrets, 'utf8')) as { dataKeys: { kid: string }[] }).dataKeys.map(({ kid }) => kid);

/** The operator's command as a process of its own. */
function startRotation() {
  const child = spawn(process.execPath, [main], { env: { ...process.env, NODE_ENV: 'test', USER_DATABASE_URL: service.databaseUrl, USER_SECRETS_FILE: secrets }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<{ code: number | null; said: string }>((done) => child.once('close', (code) => done({ code, said })));
  return { child, ended };
}

async function sealedWith(): Promise<Record<string, number>> {
  const rows = await service.sql.query<{ kid: string; n: number }>(`select split_part(sealed, '.', 1) as kid, count(*)::int as n from (
      select phone_sealed as sealed from users union all select sealed from address_versions union all select sealed from account_messages) s
    where sealed is not null group by 1`);
  return Object.fromEntries(rows.map(({ kid, n }) => [kid, n]));
}

const HOME = { name: 'Ann Miller', street: '1 Main St', city: 'Portland', postalCode: '97201', country: 'US' };

describe('rotating the data key', () => {
  it('is taken up where it was killed: the service reads and writes all the while, and in the end only the new key is left', async () => {
    const ann = await Person.registers(service);
    await ann.asks.updateProfile({ phone: '+15550100' });
    const { address } = await ann.asks.addAddress({ address: HOME });
    // 500 more versions, so that there is a middle: the first batch is committed, the second one waits for a row that is locked here.
    const pinned: string[] = [];
    for (let n = 0; n < 500; n++) pinned.push((await ann.asks.updateAddress({ address: { ...HOME, id: address?.id ?? '', street: `${n} Main St` } })).address?.versionId ?? '');
    postbox.troubles.push(...Array.from({ length: 8 }, () => 'down' as const));
    const waiting = await Person.registers(service, newEmail('waiting'));
    const [old = ''] = kidsInFile();

    const lastVersion = uuidOf('adv', pinned.at(-1) ?? '');
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const lock = service.app.get(Transactions).run(async (tx) => {
      await service.sql.in(tx).query('select 1 from address_versions where id = $1 for update', [lastVersion]);
      await released;
    });
    const killed = startRotation();
    await until(() => 'the middle is reached', COMMAND_MS_MAX, async () => Object.keys(await sealedWith()).length === 2 && (await service.sql.query(`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).length > 0);
    killed.child.kill('SIGKILL');
    await killed.ended;
    release();
    await lock;

    const middle = await sealedWith();
    const [fresh = '', ...older] = kidsInFile();
    expect(older).toEqual([old]);
    expect(Object.keys(middle).sort()).toEqual([fresh, old].sort());
    // Both keys open, and what is written now takes the new one.
    expect((await ann.asks.getProfile({})).user?.phone).toBe('+15550100');
    for (const versionId of [pinned[0], pinned.at(-1)]) expect((await service.client(UserService, 'order').getAddressVersion({ versionId })).userId).toBe(ann.user.id);
    await ann.asks.updateProfile({ phone: '+15550101' });

    const { code, said } = await startRotation().ended;
    expect([code, said]).toEqual([0, expect.stringContaining('under way is done')]);
    expect(Object.keys(await sealedWith())).toEqual([fresh]);
    expect(kidsInFile()).toEqual([fresh]);
    expect(statSync(secrets).mode & 0o777).toBe(0o600);
    expect((await ann.asks.getProfile({})).user?.phone).toBe('+15550101');
    expect((await service.client(UserService, 'order').getAddressVersion({ versionId: pinned[7] ?? '' })).address?.street).toBe('7 Main St');
    // The token that was kept through it all is the one that is handed over.
    postbox.troubles.length = 0;
    await service.sql.query('update account_messages set next_try_at = now() where state = $1', ['planned']);
    await service.settled();
    await service.client(UserService).verifyEmail({ token: postbox.token(waiting.user.email, 'verify_email') });
    await service.restart();
    expect((await ann.asks.getProfile({})).user?.phone).toBe('+15550101');
  }, 180_000);

  it('lets nobody seal with the old key afterwards, and leaves addresses as unchangeable as they were', async () => {
    const [retired] = await service.sql.query<{ kid: string }>('select kid from retired_data_keys');
    await expect(service.sql.query(`update address_versions set sealed = $1 || '.AAAA'`, [retired?.kid])).rejects.toThrow('retired');
    await expect(service.sql.query(`update address_versions set created_at = now()`)).rejects.toThrow('append-only');
    await expect(service.sql.query('delete from address_versions')).rejects.toThrow('append-only');
  });

  it('makes no secrets file where there is none', async () => {
    const missing = join(temporaryFolder('user'), 'user.json');
    const child = spawn(process.execPath, [main], { env: { ...process.env, USER_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', USER_SECRETS_FILE: missing }, stdio: 'ignore' });
    expect(await new Promise((done) => child.once('close', done))).toBe(1);
    expect(existsSync(missing)).toBe(false);
  });
});
