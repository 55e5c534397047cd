// What a fresh machine needs before anything of ours can run. Only Node's own modules: the packages may not be there yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const lockStamp = join(root, 'node_modules/.installed-lock');
const buildStamp = join(root, 'dist/.built');

export function prepare() {
  process.chdir(root);
  checkNode();
  install();
  build();
}

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const isGood = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
  if (isGood) return;
  console.error(`Pairwise needs Node 20.19, 22.12 or newer; this is ${process.version}. Node 24 is recommended.`);
  process.exit(1);
}

/** `npm ci`, unless the packages of this very lock are there. */
export function install() {
  const lock = hashOf(readFileSync(join(root, 'package-lock.json')));
  if (existsSync(lockStamp) && readFileSync(lockStamp, 'utf8') === lock) return;
  if (!holdsWhatIsLocked()) {
    console.log('Installing packages (npm ci) ...');
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  }
  writeFileSync(lockStamp, lock);
}

/** Somebody may have installed by hand. */
function holdsWhatIsLocked() {
  const installedFile = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, optional, devOptional, peer }]) => path === '' || optional || devOptional || peer || installed[path]?.version === version);
}

/** Compiles everything in about a second when a source has changed since the last time. */
export function build() {
  const folders = ['apps', 'libs', 'bench'].filter((folder) => existsSync(join(root, folder)));
  const sources = hashOf(folders.flatMap(filesUnder).concat('.swcrc', 'package-lock.json').map(stateOf).join('\n'));
  if (existsSync(buildStamp) && readFileSync(buildStamp, 'utf8') === sources) return;
  const made = join(root, `node_modules/.cache/build-${process.pid}`);
  rmSync(made, { recursive: true, force: true });
  run(process.execPath, [join(root, 'node_modules/@swc/cli/bin/swc.js'), ...folders, '-d', made, '--copy-files', '--quiet']);
  writeFileSync(join(made, '.built'), sources);
  putInPlace(made);
}

/** Whole, since another start or test may be building or running here as well. */
function putInPlace(made) {
  const former = `${made}-former`;
  for (let tries = 1; ; tries++) {
    try {
      if (existsSync(join(root, 'dist'))) renameSync(join(root, 'dist'), former);
      renameSync(made, join(root, 'dist'));
      return rmSync(former, { recursive: true, force: true });
    } catch (error) {
      rmSync(former, { recursive: true, force: true });
      if (tries === 10) throw error;
    }
  }
}

function filesUnder(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1))
    .sort();
}

function stateOf(path) {
  const { mtimeMs, size } = statSync(join(root, path));
  return `${path} ${mtimeMs} ${size}`;
}

function hashOf(text) {
  return createHash('sha256').update(text).digest('hex');
}

/** One line for what we do without. */
export function sayWhatIsMissing() {
  if (hasProgram('redis-server') || hasProgram('valkey-server') || process.env.REDIS_URL) return;
  console.log('No redis-server on this machine: order books and limits are kept in process. `npm run setup` installs it.');
}

export function hasProgram(name) {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0;
}

export function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' && program === 'npm', ...options });
  if (status === 0) return;
  if (error) console.error(error.message);
  process.exit(status ?? 1);
}
