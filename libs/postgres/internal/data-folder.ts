import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { isReachable, makeRootsFolder, ROOTS_FOLDER, type Binaries } from './embedded-binaries';

export const USER = 'pairwise';
const NAME_LENGTH_MAX = 200;
const HALF_MADE = '.half-made-';

/**
 * The folder of the server that `wanted` names; made when it is new. It is `wanted` itself, or, where the server's user cannot get
 * there, one of root's that `wanted` is then a link to.
 */
export function dataFolder(wanted: string, binaries: Binaries): string {
  const asked = path.resolve(wanted);
  if (isLink(asked)) return linked(asked);
  if (existsSync(path.join(asked, 'PG_VERSION'))) return asked;
  mkdirSync(path.dirname(asked), { recursive: true });
  if (binaries.identity.uid === undefined || isReachable(path.dirname(asked))) {
    for (const half of halfMade(asked)) rmSync(half, { recursive: true, force: true });
    const made = mkdtempSync(`${asked}${HALF_MADE}`);
    initialise(made, binaries);
    renameSync(made, asked); // Last, so that what a kill leaves half-made is never taken for a whole one.
    return asked;
  }
  makeRootsFolder();
  const roots = mkdtempSync(path.join(ROOTS_FOLDER, prefixOf(asked)));
  initialise(roots, binaries);
  symlinkSync(roots, asked); // Last, so that it leads to a whole one.
  return roots;
}

/** Where `wanted` leads: the same name, when it is no link. */
export function placeOf(wanted: string): string {
  const asked = path.resolve(wanted);
  return isLink(asked) ? path.resolve(path.dirname(asked), readlinkSync(asked)) : asked;
}

/** Removes the server's data, and what stands beside them; its server has ended. Of a copy of the data folder goes the link alone. */
export function removeDataFolder(wanted: string): void {
  const asked = path.resolve(wanted);
  const place = placeOf(asked);
  const folders = isOfAnother(asked, place) ? [asked] : [place, asked];
  for (const folder of folders) for (const name of [folder, `${folder}.log`, `${folder}.starter`]) rmSync(name, { recursive: true, force: true });
}

function halfMade(asked: string): string[] {
  const folder = path.dirname(asked);
  return readdirSync(folder).filter((name) => name.startsWith(`${path.basename(asked)}${HALF_MADE}`)).map((name) => path.join(folder, name));
}

function linked(asked: string): string {
  const place = placeOf(asked);
  if (!existsSync(path.join(place, 'PG_VERSION'))) throw new Error(`${asked} leads to ${place}, where there is no database`);
  if (isOfAnother(asked, place)) throw new Error(`${asked} leads to ${place}, the database of another data folder, which this one was copied or moved from: a copy is made by a backup`);
  return place;
}

function isOfAnother(asked: string, place: string): boolean {
  return path.dirname(place) === ROOTS_FOLDER && !path.basename(place).startsWith(prefixOf(asked));
}

function prefixOf(asked: string): string {
  return `${asked.slice(1).replaceAll(path.sep, '-').slice(-NAME_LENGTH_MAX)}-`;
}

function isLink(name: string): boolean {
  return lstatSync(name, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function initialise(folder: string, { identity, executable }: Binaries): void {
  if (identity.uid !== undefined && identity.gid !== undefined) chownSync(folder, identity.uid, identity.gid);
  const options = ['-U', USER, '--auth=trust', '--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--no-sync', '--no-instructions'];
  const made = spawnSync(executable('initdb'), ['-D', folder, ...options], { ...identity, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`the database's folder ${folder} could not be made: ${made.error?.message ?? made.stdout + made.stderr}`);
}
