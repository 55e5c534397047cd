import { existsSync, statfsSync } from 'node:fs';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { Database } from '@libs/postgres/database';
import { migrationsOf } from '@libs/postgres/migrate';
import { setsOf } from '../backup/sets';
import { databaseNames } from '../launch/environment';
import { keptPorts } from '../ports';
import { runningExchange } from '../run-file';

/** `wrong`: the exchange does not work so. `careful`: it does, but somebody should know. */
interface Finding {
  readonly verdict: 'ok' | 'careful' | 'wrong';
  readonly what: string;
  readonly says: string;
  /** What to do. */
  readonly advice?: string;
}

const NODE_MIN = [20, 19] as const;
const FREE_BYTES_MIN = 1 << 30;
const CLOCK_MS_MAX = 1_000;
const ANSWER_MS_MAX = 2_000;

/** Looks at everything that an exchange stands on. Fails when something is wrong. */
export async function doctor(data: string, say: (text: string) => void): Promise<void> {
  const running = runningExchange(data);
  const findings = [
    node(), disk(data),
    ...(running ? [ok('exchange', `runs at ${running.url} (process ${running.pid})`)] : await ports(data)),
    ...(await databases(running?.databases)),
    ...(await engines(running?.redisUrl)),
    outsideWorld(running?.sandboxUrl), secrets(data),
  ];
  for (const { verdict, what, says, advice } of findings) say(`${verdict.padEnd(8)} ${what.padEnd(24)} ${says}\n${advice ? `${' '.repeat(34)}${advice}\n` : ''}`);
  const wrong = findings.filter(({ verdict }) => verdict === 'wrong').length;
  if (wrong > 0) throw new Error(`${wrong} of ${findings.length} things are wrong.`);
  say(`All ${findings.length} are as they should be${findings.some(({ verdict }) => verdict === 'careful') ? ', some with care' : ''}.\n`);
}

const ok = (what: string, says: string): Finding => ({ verdict: 'ok', what, says });
const wrong = (what: string, says: string, advice: string): Finding => ({ verdict: 'wrong', what, says, advice });
const careful = (what: string, says: string, advice: string): Finding => ({ verdict: 'careful', what, says, advice });

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNew = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
  return isNew ? ok('Node', process.versions.node) : wrong('Node', process.versions.node, `Install Node ${NODE_MIN.join('.')} or newer.`);
}

function disk(data: string): Finding {
  const { bavail, bsize } = statfsSync(existsSync(data) ? data : '.');
  const free = `${Math.floor((bavail * bsize) / (1 << 20))} MiB free`;
  return bavail * bsize > FREE_BYTES_MIN ? ok('disk', free) : wrong('disk', free, 'PostgreSQL stops when the disk is full: make room, or put the data folder elsewhere.');
}

/** Those that a start would take. */
async function ports(data: string): Promise<Finding[]> {
  const { gateway, postgres, redis, sandbox } = keptPorts(data);
  const wanted = { gateway, postgres, redis, sandbox };
  return Promise.all(
    Object.entries(wanted).map(async ([name, port]) =>
      (await listens(port)) ? wrong(`port ${port}`, `${name} would take it, and somebody listens there`, 'Stop that program, or start with --free-ports.') : ok(`port ${port}`, `free for ${name}`),
    ),
  );
}

function listens(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ port, host, timeout: ANSWER_MS_MAX });
    const end = (answer: boolean) => {
      socket.destroy();
      done(answer);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false)).once('timeout', () => end(false));
  });
}

async function databases(running: Readonly<Record<string, string>> | undefined): Promise<Finding[]> {
  const given = databaseNames(process.env).flatMap((name) => {
    const url = running?.[name] ?? process.env[`${name.toUpperCase()}_DATABASE_URL`];
    return url ? [[name, url] as const] : [];
  });
  if (given.length === 0) return [ok('PostgreSQL', 'the embedded server, which a start brings up')];
  return Promise.all(given.map(([name, url]) => database(name, url)));
}

async function database(name: string, url: string): Promise<Finding> {
  const what = `database ${name}`;
  const opened = await Database.open({ url, poolSize: 1, name: 'doctor' }).catch(() => undefined);
  if (!opened) return wrong(what, 'does not answer', `See that PostgreSQL runs and that ${name.toUpperCase()}_DATABASE_URL is right.`);
  try {
    const problems = await opened.problems();
    if (problems.length > 0) return wrong(what, `could lose what it has acknowledged: ${problems.join(', ')}`, 'Set fsync, full_page_writes and synchronous_commit to on.');
    const before = Date.now();
    const [clock] = await opened.sql.query<{ now: Date }>('select clock_timestamp() as now');
    const ahead = (clock?.now.getTime() ?? before) - before;
    if (Math.abs(ahead) > CLOCK_MS_MAX + Date.now() - before) return wrong(what, `its clock is ${ahead} ms from this machine's`, 'Let both keep their time by NTP: leases and tokens stand on it.');
    return await landed(what, name, opened);
  } finally {
    await opened.close();
  }
}

async function landed(what: string, name: string, { sql }: Database): Promise<Finding> {
  const [table] = await sql.query<{ there: boolean }>(`select to_regclass('public.migrations') is not null as there`);
  const rows = table?.there ? await sql.query<{ set: string; number: number }>('select set, number from migrations') : [];
  const done = new Set(rows.map(({ set, number }) => `${set}/${number}`));
  const known = setsOf(name).flatMap(migrationsOf).map(({ set, number }) => `${set}/${number}`);
  const [missing, newer] = [known.filter((one) => !done.has(one)), [...done].filter((one) => !known.includes(one))];
  if (newer.length > 0) return careful(what, `has ${newer.length} migrations of a newer version`, 'Run that version, or one that is newer still.');
  if (missing.length > 0) return careful(what, `lacks ${missing.length} migrations`, 'The next start lands them; back up first.');
  return ok(what, 'durable, up to date, its clock is right');
}

const addresses = { KAFKA_BROKERS: 9092, ELASTICSEARCH_URL: 9200, INFLUX_URL: 8086 } as const;

/** What is configured must answer; what is not has an embedded form. */
async function engines(running: string | undefined): Promise<Finding[]> {
  const redis = running ?? process.env.REDIS_URL;
  const findings = [redis ? await answers('Redis', redis, 6379) : careful('Redis', 'none is given', 'A start looks for a redis-server of its own; the split form needs one (npm run setup).')];
  for (const [key, port] of Object.entries(addresses)) {
    for (const address of (process.env[key] ?? '').split(',').filter((part) => part !== '')) findings.push(await answers(key, address, port));
  }
  return findings;
}

const withScheme = (address: string) => (address.includes('://') ? address : `tcp://${address}`);

async function answers(what: string, address: string, usualPort: number): Promise<Finding> {
  if (!URL.canParse(withScheme(address))) return wrong(what, `${address} is no address`, 'Write it as in .env.example.');
  const url = new URL(withScheme(address));
  const [host, port] = [url.hostname || '127.0.0.1', Number(url.port) || usualPort];
  return (await listens(port, host)) ? ok(what, `answers at ${host}:${port}`) : wrong(what, `does not answer at ${host}:${port}`, 'Start it, or take its address out of the environment.');
}

function outsideWorld(running: string | undefined): Finding {
  if (!process.env.STRIPE_SECRET_KEY) return ok('cards and carrier', `the sandbox${running ? ` at ${running}` : ''}: no real money moves`);
  const { PUBLIC_URL } = process.env;
  if (!PUBLIC_URL?.startsWith('https://')) return wrong('cards', 'Stripe, but PUBLIC_URL is not an https address', 'Set PUBLIC_URL to where the world finds the gateway: webhooks come in there.');
  return ok('cards', `Stripe, with webhooks at ${PUBLIC_URL}`);
}

function secrets(data: string): Finding {
  const folder = resolve(data, 'secrets');
  return existsSync(folder) ? ok('secrets', `in ${folder}: keep a copy apart from the databases`) : ok('secrets', 'none yet: the first start makes them');
}
