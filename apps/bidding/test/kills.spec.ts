import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Harness } from './writer-harness';
import type { Heard, Sent } from './faults/writer-child';

const ROOT = join(__dirname, '../../..');
/** Within the tree, so that packages are found from there; ignored by git like all of node_modules. */
const BUILT = join(ROOT, 'node_modules/.cache/bidding-kills');
const COMMANDS = 300;
/** So few that no death below comes too late for them, though each batch is as large as can be. */
const IN_FLIGHT = 25;

/** Sends every command until it is answered; whoever is told to die in between is started again without the fail point. */
class Campaign {
  readonly answers = new Map<number, Heard>();
  deaths = 0;
  private child: ChildProcess | undefined;

  constructor(private readonly harness: Harness, private readonly commands: readonly Sent[]) {}

  async run(failpoint: string): Promise<void> {
    let next: string | undefined = failpoint;
    while (this.answers.size < this.commands.length) {
      await this.session(next);
      next = undefined;
    }
    await this.stop();
  }

  /** The same keys once more: every answer must be the one that was given. */
  async repeat(): Promise<Map<number, Heard>> {
    const given = new Map(this.answers);
    this.answers.clear();
    await this.session(undefined);
    await this.stop();
    return given;
  }

  private async session(failpoint: string | undefined): Promise<void> {
    const child = await this.start(failpoint);
    if (!child) return;
    const todo = this.commands.filter(({ n }) => !this.answers.has(n));
    const died = once(child, 'exit');
    await Promise.race([died, this.feed(child, todo)]);
  }

  private feed(child: ChildProcess, todo: readonly Sent[]): Promise<void> {
    let at = 0;
    const send = () => {
      const command = todo[at++];
      if (command && child.connected) child.send(command, () => undefined);
    };
    return new Promise((resolve) => {
      child.on('message', (heard: Heard) => {
        // Not known yet: the same key asks again.
        if (heard.said === 'bidding.retry') return void child.send(this.commands[heard.n] as Sent);
        this.answers.set(heard.n, heard);
        if (todo.every(({ n }) => this.answers.has(n))) resolve();
        else send();
      });
      for (let i = 0; i < IN_FLIGHT; i++) send();
    });
  }

  private async start(failpoint: string | undefined): Promise<ChildProcess | undefined> {
    const env = { ...process.env, NODE_ENV: 'test', CHILD_DATABASE_URL: this.harness.database.url, ...(failpoint && { FAILPOINTS: failpoint }) };
    const child = fork(join(BUILT, 'apps/bidding/test/faults/writer-child.js'), { env, stdio: 'inherit' });
    this.child = child;
    child.once('exit', (_code, signal) => {
      if (signal === 'SIGKILL') this.deaths++;
    });
    const ready = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => undefined)]);
    return ready ? child : undefined;
  }

  private async stop(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.disconnect();
    await gone;
  }
}

/** Seeded, so that every run sends the same: crossing and resting, many users, two markets. */
function commandsFor(harness: Harness): Sent[] {
  let seed = 42;
  const random = () => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
  return Array.from({ length: COMMANDS }, (_, n) => {
    const side = random() < 0.5 ? 'bid' : 'ask';
    const user = `${side}der-${Math.floor(random() * 12)}`;
    return { n, side, user, facts: harness.user(user), price: 90 + Math.floor(random() * 20), order: { key: `key-${n}`, market: harness.markets[n % 2] as string, hash: `body-${n}` } };
  });
}

describe('a writer that is killed', () => {
  beforeAll(() => {
    execFileSync(process.execPath, [join(ROOT, 'node_modules/@swc/cli/bin/swc.js'), 'apps/bidding', 'libs', '-d', BUILT, '--copy-files', '--quiet'], { cwd: ROOT });
  }, 60_000);

  it.each([
    'bidding.afterTake:kill@7', 'bidding.beforeCommit:kill@5', 'bidding.duringCommit:kill@4', 'bidding.duringCommit:kill@9', 'bidding.afterCommit:kill@6',
    'bidding.takeover.afterEpoch:kill', 'bidding.takeover.midLoad:kill',
  ])('at %s loses nothing that it answered, and does nothing twice', async (failpoint) => {
    const harness = await Harness.open(2);
    try {
      const campaign = new Campaign(harness, commandsFor(harness));
      await campaign.run(failpoint);
      expect(campaign.deaths).toBe(1);
      const given = await campaign.repeat();
      expect([...given.values()].filter(({ said }) => !/^(replayed )?(active|matched)$/.test(said))).toEqual([]);
      expect(await harness.rows('select count(*)::int as quotes, count(distinct client_key)::int as keys from quotes')).toEqual([{ quotes: COMMANDS, keys: COMMANDS }]);
      for (const [n, heard] of given) expect(campaign.answers.get(n)).toEqual({ ...heard, said: expect.stringContaining('replayed') });
      expect(await harness.violations()).toEqual([]);
    } finally {
      await harness.close();
    }
  }, 60_000);
});
