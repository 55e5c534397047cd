import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';

/** Below the ports of outgoing connections: any of those may be in use by the time that a stopped exchange wants its port again. */
const LOWEST = 20_000;
const COUNT = 12_000;
const TRIES = 200;

/**
 * As many ports of the loopback address that nobody listens on. They are `owner`'s, a file or a folder, for as long as that is
 * there: what is drawn for others meanwhile is never among them, whether anybody listens on them just then or not.
 */
export async function freePorts(count: number, owner: string): Promise<number[]> {
  const path = resolve(owner);
  mkdirSync(marks(), { recursive: true });
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries++) {
    if (tries === count + TRIES) throw new Error(`no ${count} free ports between ${LOWEST} and ${LOWEST + COUNT}`);
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    if (mark(port, path) && (await nobodyListens(port))) ports.push(port);
  }
  return ports;
}

export async function freePort(owner: string): Promise<number> {
  const [port = 0] = await freePorts(1, owner);
  return port;
}

/** One file for each port that was given away, with its owner in it. */
const marks = () => join(tmpdir(), `pairwise-ports-${userInfo().uid}`);

function mark(port: number, owner: string): boolean {
  const file = join(marks(), String(port));
  try {
    writeFileSync(file, owner, { flag: 'wx' });
    return true;
  } catch {
    // Somebody was here before, or writes the mark just now. Who is gone needs it no more.
    const other = readFileSync(file, 'utf8');
    if (other === '' || existsSync(other)) return false;
    writeFileSync(file, owner);
    return true;
  }
}

function nobodyListens(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer().once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}
