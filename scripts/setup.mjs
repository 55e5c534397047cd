// `npm run setup`: what the exchange and its tests can do without but run better with, by the system's own package manager.
import { spawnSync } from 'node:child_process';
import { checkNode, hasProgram, install, run } from './prepare.mjs';

const wanted = [
  { name: 'redis-server', programs: ['redis-server', 'valkey-server'], packages: { 'apt-get': ['redis-server'], dnf: ['redis'], pacman: ['redis'], brew: ['redis'] }, byHand: 'install redis-server (or valkey-server) by hand, or set REDIS_URL' },
  // A page without a font has no words.
  { name: 'chromium', programs: ['chromium', 'chromium-browser'], packages: { 'apt-get': ['chromium', 'fonts-dejavu-core'], dnf: ['chromium', 'dejavu-sans-fonts'], pacman: ['chromium', 'ttf-dejavu'], brew: ['chromium'] }, byHand: 'install chromium by hand, or set CHROMIUM_PATH' },
];

const managers = [
  { program: 'apt-get', steps: (packages) => [['update', '-qq'], ['install', '-y', '-qq', '--no-install-recommends', ...packages]], env: { DEBIAN_FRONTEND: 'noninteractive' }, needsRoot: true },
  { program: 'dnf', steps: (packages) => [['install', '-y', ...packages]], needsRoot: true },
  { program: 'pacman', steps: (packages) => [['-S', '--noconfirm', ...packages]], needsRoot: true },
  { program: 'brew', steps: (packages) => [['install', ...packages]], needsRoot: false },
];

checkNode();
install();
const missing = wanted.filter(({ name, programs }) => {
  const isThere = programs.some(hasProgram) || (name === 'chromium' && process.env.CHROMIUM_PATH);
  if (isThere) console.log(`${name} is there.`);
  return !isThere;
});
if (missing.length > 0) installMissing();

function installMissing() {
  const manager = managers.find(({ program }) => hasProgram(program));
  if (!manager) return console.log(`No package manager that we know: ${missing.map(({ byHand }) => byHand).join('; ')}.`);
  const steps = manager.steps(missing.flatMap(({ packages }) => packages[manager.program]));
  const isRoot = process.getuid?.() === 0;
  const sudo = manager.needsRoot && !isRoot ? ['sudo'] : [];
  if (sudo.length > 0 && spawnSync('sudo', ['--version'], { stdio: 'ignore' }).status !== 0) {
    return console.log(`Run as root: ${steps.map((step) => `${manager.program} ${step.join(' ')}`).join(' && ')}`);
  }
  for (const step of steps) {
    const [program, ...args] = [...sudo, manager.program, ...step];
    run(program, args, { env: { ...process.env, ...manager.env } });
  }
}
