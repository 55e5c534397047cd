import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Trader } from '@libs/client/trader';
import { BUILD, ExchangeProcess } from '@libs/testing/exchange-process';
import { Story } from '@libs/testing/story';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { kafkaBrokers } from '@libs/testing/test-kafka';

/** The log on Kafka is in no backup: what it held comes from the outboxes, what came after the backup must not come back. */

const START_MS_MAX = 240_000;
const SETTLED_MS_MAX = 240_000;

const folder = temporaryFolder('kafka-drill');
const kept = join(folder, 'kept');
const anew = join(folder, `anew-${basename(folder)}`);

let story: Story;
let bea: Trader;
let sam: Trader;
let restored: ExchangeProcess | undefined;

const prefixOf = (data: string) => `${basename(data)}.`;
const titlesOf = async (who: Trader) => (await who.api.get<{ data: { title: string }[] }>('/v1/notifications?limit=100')).data.map(({ title }) => title.split(':')[0]);

function run(program: 'cli' | 'verify', args: readonly string[], KAFKA_PREFIX: string): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [join(BUILD, `apps/standalone/src/${program}.js`), ...args], { env: { ...process.env, NODE_ENV: 'test', KAFKA_PREFIX } }, (error, out, err) => done({ code: error ? Number(error.code ?? -1) : 0, out, err }));
  });
}

(kafkaBrokers().length > 0 ? describe : describe.skip)('a backup of an exchange on Kafka', () => {
  beforeAll(async () => {
    // What is meant for notification waits on the bus when the backup is taken.
    story = await Story.begin({ env: { CONSUMERS_PAUSED: 'notification' } });
    [bea, sam] = await Promise.all([story.buyer(), story.seller()]);
    await story.trade(bea, sam);
  }, START_MS_MAX);

  afterAll(async () => {
    await restored?.remove();
    await story?.end();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('goes to no topics that tell of what came after it', async () => {
    const { data } = story.exchange;
    expect(await run('cli', ['backup', '--data', data, '--to', kept], prefixOf(data))).toMatchObject({ code: 0, err: '' });
    await story.trade(bea, sam, 500);
    expect(await titlesOf(bea)).toEqual([]);
    await story.exchange.stop();
    expect(await run('cli', ['restore', '--from', kept, '--data', anew], prefixOf(data))).toMatchObject({ code: 1, err: expect.stringContaining('name another KAFKA_PREFIX') as string });
  }, SETTLED_MS_MAX);

  it('brings back what waited on the bus and nothing of what came after, and people trade on', async () => {
    expect(await run('cli', ['restore', '--from', kept, '--data', anew], prefixOf(anew))).toMatchObject({ code: 0, err: '' });
    restored = await ExchangeProcess.start({}, anew);
    await restored.settled(SETTLED_MS_MAX);
    expect(await bea.orders()).toHaveLength(1);
    const titles = await titlesOf(bea);
    expect(titles.filter((title) => title === 'Paid')).toEqual(['Paid']);

    const [market] = await story.markets(1);
    await bea.bids(market ?? '', 550);
    const ask = await sam.asks(market ?? '', 550);
    await restored.settled(SETTLED_MS_MAX);
    expect((await sam.orderOf(ask)).status).toBe('confirmed');
    expect((await titlesOf(bea)).filter((title) => title === 'Paid')).toHaveLength(2);
    expect(await run('verify', ['--data', anew], prefixOf(anew))).toMatchObject({ code: 0, out: expect.stringContaining('invariants hold') as string });
  }, 2 * SETTLED_MS_MAX);
});
