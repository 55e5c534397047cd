import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { Api } from '@libs/client/api';
import { BUILD, until } from '@libs/testing/exchange-process';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { readRunFile, type RunFile, runningExchange } from '../src/run-file';
import { innerServices } from '../src/services';

/** The operator's commands as they are typed, against a seeded exchange that stops and starts. */

const program = (name: string) => join(BUILD, `apps/standalone/src/${name}.js`);
const env = { ...process.env, NODE_ENV: 'test', BCRYPT_COST: '4' };
const START_MS_MAX = 180_000;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(name: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return new Promise((done) => {
    execFile(process.execPath, [program(name), ...args], { env: { ...env, ...more } }, (error, out, err) => done({ code: error ? Number(error.code ?? -1) : 0, out, err }));
  });
}

let data: string;
let exchange: ChildProcess | undefined;

beforeAll(() => void (data = temporaryFolder('commands')));

afterAll(async () => {
  await stops();
  rmSync(data, { recursive: true, force: true });
}, 300_000);

async function starts(): Promise<RunFile> {
  const child = spawn(process.execPath, [program('main'), '--data', data, '--free-ports'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  exchange = child;
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until('the exchange is ready', START_MS_MAX, () => {
    if (child.exitCode !== null) throw new Error(`the exchange ended while it started:\n${said.slice(-4000)}`);
    return runningExchange(data)?.pid === child.pid;
  });
  const found = readRunFile(data);
  if (!found) throw new Error('there is no run file');
  return found;
}

async function stops(): Promise<void> {
  const child = exchange;
  exchange = undefined;
  if (!child || child.exitCode !== null) return;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  await ended;
}

/** Each row as a text, in their order. */
async function rowsOf(database: string, queries: readonly string[]): Promise<string[][]> {
  const client = new Client({ connectionString: database });
  await client.connect();
  try {
    const all: string[][] = [];
    for (const query of queries) all.push((await client.query<Record<string, unknown>>(query)).rows.map((row) => JSON.stringify(row)).sort());
    return all;
  } finally {
    await client.end();
  }
}

const CENTS = /(-?\d+\.\d\d)/;

it('without an exchange there is nothing to ask, and the commands say so', async () => {
  expect(await run('cli', ['status', '--data', data])).toMatchObject({ code: 1, err: expect.stringContaining('No exchange runs') as string });
  expect(await run('cli', ['grant-admin', 'ann@example.com', '--data', data])).toMatchObject({ code: 1, err: expect.stringContaining('There is no exchange') as string });
  expect(await run('verify', ['--data', data])).toMatchObject({ code: 2, err: expect.stringContaining('there is no exchange') as string });
}, 300_000);

it('the operator\'s commands explain themselves, and refuse what they do not know', async () => {
  for (const args of [[], ['help'], ['--help']]) expect(await run('cli', args)).toMatchObject({ code: 0, out: expect.stringContaining('grant-admin <e-mail>') as string });
  expect(await run('cli', ['drop-everything'])).toMatchObject({ code: 1, err: expect.stringContaining('There is no command drop-everything') as string });
  expect(await run('cli', ['grant-admin'])).toMatchObject({ code: 1, err: expect.stringContaining('Whom?') as string });
  expect(await run('cli', ['bus', 'create-topics'])).toMatchObject({ code: 1, err: expect.stringContaining('Set KAFKA_BROKERS') as string });
}, 300_000);

it('a replay is refused where it would do work a second time', async () => {
  expect(await run('cli', ['replay', 'payment', '--data', data])).toMatchObject({ code: 1, err: expect.stringContaining('payment keeps no projection of events') as string });
  expect(await run('cli', ['replay', 'payment', '--since', 'yesterday'])).toMatchObject({ code: 1, err: expect.stringContaining('yesterday is no time') as string });
}, 300_000);

it('the demo starts an exchange where none runs, walks one trade to its payout, and stops it', async () => {
  const { code, out, err } = await run('demo', ['--data', data, '--free-ports']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  for (const said of ['Bea bids 450', '487.45 USD captured', '396.00 USD transferred to Sam', '396.00 USD has arrived']) expect(out).toContain(said);
  expect(CENTS.exec(out.split('\n').find((line) => line.includes(' sum ')) ?? '')?.[1]).toBe('0.00');
  expect(runningExchange(data)).toBeUndefined();
}, 300_000);

it('a stopped exchange is checked on its own server, which is started for it', async () => {
  const { code, out, err } = await run('verify', ['--data', data]);
  const end = expect.stringMatching(/^All \d+ other invariants hold\. Not or not wholly checked: L6, L7, E5, R1\.$/) as string;
  expect({ code, err, end: out.trim().split('\n').at(-1) }).toEqual({ code: 0, err: '', end });
  // What runs no more cannot be looked into, and nobody is told that it is in order.
  for (const [id, what] of [['L6', 'the provider\'s books'], ['L7', 'the provider\'s log of calls'], ['R1', 'the live books']]) expect(out).toMatch(new RegExp(`^- +${id} .*\\n +not checked: ${what}`, 'm'));
}, 300_000);

describe('while it runs', () => {
  let at: RunFile;

  beforeAll(async () => {
    at = await starts();
  }, 300_000);

  it('the demo runs on it, a second time too', async () => {
    const { code, out, err } = await run('demo', ['--data', data]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).not.toContain('No exchange runs');
    expect(runningExchange(data)?.pid).toBe(at.pid);
  }, 300_000);

  it('status names every service', async () => {
    const { code, out } = await run('cli', ['status', '--data', data]);
    expect(code).toBe(0);
    for (const name of Object.keys(at.internal)) expect(out).toMatch(new RegExp(`${name} +ready`));
  }, 300_000);

  it('the doctor finds nothing wrong, the books agree, and no event waits for a person', async () => {
    const { code, out, err } = await run('cli', ['doctor', '--data', data]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/ok +database payment +durable, up to date/);
    expect(await run('cli', ['reconcile', '--data', data])).toMatchObject({ code: 0, out: expect.stringContaining('The books agree') as string });
    expect(await run('cli', ['dlq', 'list', '--data', data])).toMatchObject({ code: 0, out: 'There is no dead letter.\n' });
    expect(await run('cli', ['dlq', 'retry', 'order~payments~ord_1~1', '--data', data])).toMatchObject({ code: 1, err: expect.stringContaining('Give a --reason') as string });
    expect(await run('cli', ['dlq', 'retry', 'order~payments~ord_1~1', '--reason', 'x', '--data', data])).toMatchObject({ code: 1, err: expect.stringContaining('There is no dead letter') as string });
  }, 300_000);

  it('messages that were given up are listed, and one is tried anew: it goes out', async () => {
    const cli = (...args: string[]) => run('cli', ['messages', ...args, '--data', data]);
    expect(await cli('list')).toMatchObject({ code: 0, out: 'No message was given up.\n' });
    const client = new Client({ connectionString: at.databases.notification });
    await client.connect();
    const { rows } = await client.query<{ user: string }>(`insert into messages (id, source, kind, channel, user_id, state, is_critical, facts, needs_item, planned_at, reason, attempts)
      select gen_random_uuid(), 'a test', 'welcome', 'email', user_id, 'parked', false, '{}', false, now(), 'answered_503', 14 from messages limit 1 returning user_id as user`);
    const { out } = await cli('list');
    const [id = ''] = out.split('\n');
    expect([rows.length, id]).toEqual([1, expect.stringMatching(/^ntf_/)]);
    expect(out).toMatch(/ by email, since .*, tried 14 times\n {2}answered_503\n$/);
    expect(await cli('resume')).toMatchObject({ code: 1, err: expect.stringContaining('Which?') as string });
    expect(await cli('resume', 'ntf_01kjq7b3c4e5f6g7h8j9kamnpq')).toMatchObject({ code: 1, err: expect.stringContaining('There is no such message') as string });
    expect(await cli('resume', id)).toMatchObject({ code: 0, out: expect.stringContaining('tried again') as string });
    await until('it went out', START_MS_MAX, async () => (await client.query(`select from messages where user_id = $1 and state in ('parked', 'planned', 'sending')`, [rows[0]?.user])).rowCount === 0);
    await client.end();
  }, 300_000);

  it('the doctor names an engine that does not answer, and fails', async () => {
    const { code, out } = await run('cli', ['doctor', '--data', data], { KAFKA_BROKERS: '127.0.0.1:1' });
    expect(code).toBe(1);
    expect(out).toMatch(/wrong +KAFKA_BROKERS +does not answer at 127.0.0.1:1/);
  }, 300_000);

  it('nobody becomes an administrator by the command line once there is one', async () => {
    const password = 'correct horse battery';
    const api = new Api(at.url);
    await api.post('/v1/auth/register', { email: 'first@example.com', password, firstName: 'Ann', lastName: 'First' });
    // The seed has named one: he names the others.
    expect(await run('cli', ['grant-admin', 'first@example.com', '--data', data])).toMatchObject({ code: 1, err: expect.stringContaining('There is an administrator already') as string });
  }, 300_000);

  it('the keys are rotated while it runs, and what was sealed before still opens', async () => {
    const before = readFileSync(join(data, 'secrets/user.json'), 'utf8');
    expect(await run('cli', ['keys', 'rotate', '--data', data])).toMatchObject({ code: 0, out: expect.stringMatching(/^Done: [1-9]\d* sealed with the new key/) as string });
    expect(readFileSync(join(data, 'secrets/user.json'), 'utf8')).not.toBe(before);
    const api = new Api(at.url);
    const { tokens } = await api.post<{ tokens: { accessToken: string } }>('/v1/auth/login', { email: 'buyer@pairwise.example', password: 'pairwise-demo-1' });
    api.token = tokens.accessToken;
    expect((await api.get<{ data: { city: string }[] }>('/v1/me/addresses')).data).toMatchObject([{ city: 'Portland' }]);
  }, 300_000);

  it('the invariants hold, on the addresses of the run file and on those of the environment', async () => {
    const running = await run('verify', ['--data', data]);
    expect(running).toMatchObject({ code: 0, out: expect.stringContaining('invariants hold') as string });
    const addresses = Object.fromEntries(Object.entries(at.databases).map(([name, url]) => [`${name.toUpperCase()}_DATABASE_URL`, url]));
    expect(await run('verify', ['--data', join(data, 'nowhere')], addresses)).toMatchObject({ code: 0, out: expect.stringContaining('invariants hold') as string });
  }, 300_000);

  it('what events have told is emptied by a replay, and told anew by the next start: the same rows', async () => {
    const projections = innerServices.flatMap(({ service: { name, projection } }) => (projection ? [{ name, says: projection.says }] : []));
    const before = await Promise.all(projections.map(({ name, says }) => rowsOf(at.databases[name] ?? '', says)));
    expect(before.flat(2).length).toBeGreaterThan(100);
    expect(await run('cli', ['replay', 'search', '--data', data])).toMatchObject({ code: 1, err: expect.stringContaining('stop it first') as string });
    await stops();
    for (const { name } of projections) expect(await run('cli', ['replay', name, '--data', data])).toMatchObject({ code: 0, out: expect.stringMatching(/is empty; its next start takes [1-9]\d* events/) as string });
    at = await starts();
    const same = async () => JSON.stringify(await Promise.all(projections.map(({ name, says }) => rowsOf(at.databases[name] ?? '', says)))) === JSON.stringify(before);
    await until('the projections say what they said', START_MS_MAX, same);
  }, 300_000);

  it('a seed that was cut short is taken up again, and nothing is there twice', async () => {
    const shown = async () => (await new Api(at.url).get<{ data: { markets: { id: string }[] }[] }>('/v1/products?limit=100')).data;
    const before = await shown();
    const books = async () => Promise.all((await shown()).map(async ({ markets }) => new Api(at.url).get<{ bids: unknown; asks: unknown }>(`/v1/markets/${markets[2]?.id}/book`).then(({ bids, asks }) => ({ bids, asks }))));
    const rest = await books();
    await stops();
    rmSync(join(data, 'seeded'));
    await starts();
    expect(await shown()).toEqual(before);
    expect(await books()).toEqual(rest);
    expect(existsSync(join(data, 'seeded'))).toBe(true);
  }, 300_000);

  it('where the log of events does not reach back to the beginning any more, a replay says so at once and changes nothing, and says how it goes', async () => {
    await rowsOf(at.databases.bus ?? '', ['delete from bus_log where first_offset = 0']); // As after 30 days.
    const kept = 'select * from messages order by 1';
    const before = await rowsOf(at.databases.notification ?? '', [kept]);
    await stops();
    const reaches = 'Nothing has changed: the log of events reaches back 30 days and this exchange is older, so';
    const refused = await run('cli', ['replay', 'notification', '--data', data]);
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining(`${reaches} say from when: --since 20`) as string });
    expect(await run('cli', ['replay', 'search', '--data', data])).toMatchObject({ code: 1, err: expect.stringContaining(`${reaches} ask its owners instead: npm run cli -- rebuild search.`) as string });
    const since = /--since (\S+)/.exec(refused.err)?.[1] ?? '';
    expect(await run('cli', ['replay', 'notification', '--since', since, '--data', data])).toMatchObject({ code: 0, out: expect.stringMatching(/notification is empty; its next start takes [1-9]\d* events/) as string });
    at = await starts();
    expect(await rowsOf(at.databases.notification ?? '', [kept])).toEqual(before);
    expect(await rowsOf(at.databases.notification ?? '', ['select * from parked'])).toEqual([[]]);
  }, 300_000);
});
