import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { freePorts } from '../free-ports';

const EPHEMERAL_FROM = 32_768;
const folders: string[] = [];
const folder = () => {
  folders.push(temporaryFolder('free-ports'));
  return folders.at(-1) ?? '';
};

afterEach(() => folders.splice(0).forEach((name) => rmSync(name, { recursive: true, force: true })));

describe('free ports', () => {
  it('can be listened on, and are never those of outgoing connections', async () => {
    const ports = await freePorts(20, folder());
    expect(new Set(ports).size).toBe(20);
    for (const port of ports) {
      expect(port).toBeLessThan(EPHEMERAL_FROM);
      const server = createServer();
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
      await new Promise((closed) => server.close(closed));
    }
  });

  it('stay those of a stopped exchange, whoever draws some meanwhile', async () => {
    const stopped = await freePorts(20, folder());
    chooses(stopped, 40);
    const others = await freePorts(20, folder());
    expect(others.filter((port) => stopped.includes(port))).toEqual([]);
  });

  it('are given anew when the data of the exchange that had them is gone', async () => {
    const mine = folder();
    const [port = 0] = await freePorts(1, mine);
    rmSync(mine, { recursive: true });
    chooses([port], 1);
    expect(await freePorts(1, folder())).toEqual([port]);
  });

  it('are not among those that somebody listens on', async () => {
    const mine = folder();
    const [port = 0] = await freePorts(1, mine);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    rmSync(mine, { recursive: true });
    chooses([port], 1);
    expect(await freePorts(1, folder())).not.toEqual([port]);
    await new Promise((closed) => server.close(closed));
  });
});

/** Chance draws these first, over and over, then as it likes. */
function chooses(ports: readonly number[], times: number): void {
  const random = jest.spyOn(Math, 'random');
  for (let i = 0; i < times; i++) random.mockReturnValueOnce(((ports[i % ports.length] ?? 0) - 20_000 + 0.5) / 12_000);
}

afterEach(() => jest.restoreAllMocks());
