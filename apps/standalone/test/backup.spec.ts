import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Order, Trader } from '@libs/client/trader';
import { BUILD, ExchangeProcess } from '@libs/testing/exchange-process';
import { Story } from '@libs/testing/story';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import type { Manifest } from '../src/backup/manifest';

/** The drill: an exchange is backed up while people trade on it, is lost, and comes back from the backup alone. */

const START_MS_MAX = 180_000;
const SETTLED_MS_MAX = 240_000;
/** More than a backup has the time for, on a machine that is not in a hurry. */
const TRADES_MAX = 25;
const PEOPLE_ACT_AS_FAST_AS_THEY_LIKE = { LIMIT_ANONYMOUS_PER_MIN: '100000', LIMIT_READS_PER_MIN: '100000', LIMIT_TRADING_PER_MIN: '100000', LIMIT_TRADING_BURST: '100000' };

const folder = temporaryFolder('drill');
const kept = join(folder, 'kept');
const anew = join(folder, 'anew');

let story: Story;
let bea: Trader;
let sam: Trader;
let paid: Order;
let manifest: Manifest;
let restored: ExchangeProcess | undefined;
const seen: string[] = [];

function run(program: 'cli' | 'verify', ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [join(BUILD, `apps/standalone/src/${program}.js`), ...args], { env: { ...process.env, NODE_ENV: 'test' } }, (error, out, err) => done({ code: error ? Number(error.code ?? -1) : 0, out, err }));
  });
}

beforeAll(async () => {
  story = await Story.begin();
  [bea, sam] = await Promise.all([story.buyer(), story.seller()]);
  paid = (await story.trade(bea, sam)).order;
}, START_MS_MAX);

afterAll(async () => {
  await restored?.stop();
  await story?.end();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

it('is taken while people trade, and says what it holds', async () => {
  const market = await story.market();
  let isOver = false;
  const trading = (async () => {
    for (let n = 0; !isOver && n < TRADES_MAX; n++) {
      await bea.bids(market, 300 + (n % 7));
      seen.push((await sam.asks(market, 300 + (n % 7))).id);
    }
  })();
  const { code, out, err } = await run('cli', 'backup', '--data', story.exchange.data, '--to', kept);
  isOver = true;
  await trading;
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/10 databases, \d+ rows, of one instant \((one snapshot|behind locks)\)/);
  manifest = JSON.parse(readFileSync(join(kept, 'manifest.json'), 'utf8')) as Manifest;
  expect(manifest.databases.order?.migrations.map(({ set }) => set)).toContain('service');
  expect(manifest.files.map(({ path }) => path)).toEqual(expect.arrayContaining(['secrets/user.json', 'secrets/payment.key', 'secrets/order.key', 'sandbox/journal.ndjson', 'ports.json']));
  expect(seen.length).toBeGreaterThan(0);
}, 120_000);

it('is never written over, and an unfinished one has no name', async () => {
  expect(await run('cli', 'backup', '--data', story.exchange.data, '--to', kept)).toMatchObject({ code: 1, err: expect.stringContaining('is there already') as string });
  expect(readdirSync(folder)).toEqual(['kept']);
}, 180_000);

it('goes into no folder that holds anything', async () => {
  expect(await run('cli', 'restore', '--from', kept, '--data', story.exchange.data)).toMatchObject({ code: 1, err: expect.stringContaining('is not empty') as string });
}, 180_000);

it('is refused when a file of it was touched, or when it is of a newer version', async () => {
  const broken = join(folder, 'broken');
  cpSync(kept, broken, { recursive: true });
  appendFileSync(join(broken, manifest.databases.payment?.tables[0]?.file.path ?? ''), 'x');
  expect(await run('cli', 'restore', '--from', broken, '--data', anew)).toMatchObject({ code: 1, err: expect.stringContaining('its hash differs') as string });
  const newer = JSON.parse(JSON.stringify(manifest)) as Manifest;
  newer.databases.order?.migrations.push({ set: 'service', number: 9_999, name: '9999-tomorrow.sql', checksum: 'x' });
  writeFileSync(join(broken, 'manifest.json'), JSON.stringify(newer));
  expect(await run('cli', 'restore', '--from', broken, '--data', anew)).toMatchObject({ code: 1, err: expect.stringContaining('take a newer version') as string });
  expect(existsSync(anew)).toBe(false);
  rmSync(broken, { recursive: true });
}, 180_000);

it('brings the exchange back: it settles, every invariant holds, and what was begun is carried to its end', async () => {
  await story.exchange.stop();
  const { code, err } = await run('cli', 'restore', '--from', kept, '--data', anew);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  restored = await ExchangeProcess.start({ env: PEOPLE_ACT_AS_FAST_AS_THEY_LIKE }, anew);
  await restored.settled(SETTLED_MS_MAX);
  expect(await run('verify', '--data', anew)).toMatchObject({ code: 0, out: expect.stringContaining('invariants hold') as string });

  // The same people, with the sessions that they had, carry on with the order that was paid before.
  const tracking = await sam.ships(paid.id);
  await restored.settled(SETTLED_MS_MAX);
  const { task } = await story.authenticators[0].takesIn(tracking);
  await story.authenticators[0].inspects(task?.id ?? '');
  await restored.settled(SETTLED_MS_MAX);
  await story.authenticators[0].sendsOn(paid.id);
  const passed = (await bea.orders()).find(({ id }) => id === paid.id);
  await story.world.scan(passed?.outboundTracking ?? '', 'delivered');
  await restored.settled(SETTLED_MS_MAX);
  expect((await sam.orders()).find(({ id }) => id === paid.id)).toMatchObject({ status: 'delivered', payoutStatus: expect.stringMatching(/transferring|paid/) as string });

  // And trade anew, in a market of before.
  const [market] = await story.markets(1);
  await bea.bids(market ?? '', 500);
  const ask = await sam.asks(market ?? '', 500);
  await restored.settled(SETTLED_MS_MAX);
  expect((await sam.orderOf(ask)).status).toBe('confirmed');
  expect(await run('verify', '--data', anew)).toMatchObject({ code: 0, out: expect.stringContaining('invariants hold') as string });
}, 600_000);
