import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WallClock } from '@libs/kernel/clock';
import { until } from '@libs/testing/exchange-process';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { OffsetClock } from '../clocks';
import { freePort } from '../free-ports';
import { silentLog } from '../log';
import { type OffsetStore, SandboxClock } from '../sandbox-clock';

/** The sandbox's clock, as much of it as services see. */
class FakeSandbox {
  offsetMs = 0;
  private readonly listeners = new Set<ServerResponse>();
  private readonly server: Server = createServer((request, response) => {
    if (request.url === '/clock') response.end(JSON.stringify({ offsetMs: this.offsetMs, now: 'x' }));
    else if (request.url === '/clock/changes') {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.flushHeaders();
      this.listeners.add(response);
      response.on('close', () => this.listeners.delete(response));
    }
  });

  listen(port = 0): Promise<string> {
    return new Promise((resolve) => this.server.listen(port, '127.0.0.1', () => resolve(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}`)));
  }

  move(offsetMs: number): void {
    this.offsetMs = offsetMs;
    for (const listener of this.listeners) listener.write(`${JSON.stringify({ offsetMs })}\n`);
  }

  get followers(): number {
    return this.listeners.size;
  }

  cut(): void {
    for (const listener of this.listeners) listener.destroy();
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}

class StoppedWallClock extends WallClock {
  now(): Date {
    return new Date('2026-03-02T12:00:00.000Z');
  }
}

class MemoryStore implements OffsetStore {
  constructor(public saved = 0) {}

  async load(): Promise<number> {
    return this.saved;
  }

  async save(offsetMs: number): Promise<void> {
    this.saved = offsetMs;
  }
}

describe('a business clock that follows the sandbox', () => {
  let sandbox: FakeSandbox;
  let follower: SandboxClock | undefined;
  const wall = new StoppedWallClock();
  const aheadMs = (clock: OffsetClock) => clock.now().getTime() - wall.now().getTime();

  beforeEach(() => {
    sandbox = new FakeSandbox();
  });
  afterEach(async () => {
    await follower?.stop();
    sandbox.close();
  });

  it('is not there before the sandbox has told the offset', async () => {
    const url = await sandbox.listen();
    sandbox.offsetMs = 7_200_000;
    const clock = new OffsetClock(wall);
    follower = new SandboxClock(url, clock, new MemoryStore(), silentLog());
    await follower.start();
    expect(aheadMs(clock)).toBe(7_200_000);
    expect(follower.state).toEqual({ offsetMs: 7_200_000, following: true });
  });

  it('moves with every change, and writes it down first', async () => {
    const clock = new OffsetClock(wall);
    const store = new MemoryStore();
    const savedAtMove: number[] = [];
    clock.onMoved(() => savedAtMove.push(store.saved));
    follower = new SandboxClock(await sandbox.listen(), clock, store, silentLog());
    await follower.start();
    sandbox.move(1_000);
    await until('the first move', 30_000, () => clock.offsetMs === 1_000);
    sandbox.move(5_000);
    await until('the second move', 30_000, () => clock.offsetMs === 5_000);
    expect(savedAtMove).toEqual([1_000, 5_000]);
  });

  it('never goes back, whatever the sandbox says', async () => {
    const clock = new OffsetClock(wall);
    const store = new MemoryStore(9_000);
    follower = new SandboxClock(await sandbox.listen(), clock, store, silentLog());
    await follower.start();
    sandbox.move(4_000);
    sandbox.move(9_500);
    await until('the later offset', 30_000, () => clock.offsetMs === 9_500);
    expect(store.saved).toBe(9_500);
  });

  it('catches up with what it has missed while the sandbox was out of reach', async () => {
    const clock = new OffsetClock(wall);
    follower = new SandboxClock(await sandbox.listen(), clock, new MemoryStore(), silentLog());
    await follower.start();
    sandbox.offsetMs = 86_400_000;
    sandbox.cut();
    await until('it has caught up', 30_000, () => clock.offsetMs === 86_400_000 && sandbox.followers === 1);
  });

  it('waits for a sandbox that starts later', async () => {
    // Nobody else is given it meanwhile.
    const port = await freePort(temporaryFolder('sandbox-clock'));
    const url = `http://127.0.0.1:${port}`;
    const clock = new OffsetClock(wall);
    follower = new SandboxClock(url, clock, new MemoryStore(), silentLog());
    let isStarted = false;
    const started = follower.start().then(() => (isStarted = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isStarted).toBe(false);
    sandbox.offsetMs = 3_000;
    await sandbox.listen(port);
    await started;
    expect(clock.offsetMs).toBe(3_000);
  });
});
