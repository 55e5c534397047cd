// `npm run setup`: what the exchange can do without but runs better with, by the system's own package manager.
import { spawnSync } from 'node:child_process';
import { checkNode, hasProgram, install, run } from './prepare.mjs';

const managers = [
  { program: 'apt-get', steps: [['update', '-qq'], ['install', '-y', '-qq', '--no-install-recommends', 'redis-server']], env: { DEBIAN_FRONTEND: 'noninteractive' }, needsRoot: true },
  { program: 'dnf', steps: [['install', '-y', 'redis']], needsRoot: true },
  { program: 'pacman', steps: [['-S', '--noconfirm', 'redis']], needsRoot: true },
  { program: 'brew', steps: [['install', 'redis']], needsRoot: false },
];

checkNode();
install();
if (hasProgram('redis-server') || hasProgram('valkey-server')) console.log('redis-server is there.');
else installRedis();

function installRedis() {
  const manager = managers.find(({ program }) => hasProgram(program));
  if (!manager) return console.log('No package manager that we know: install redis-server (or valkey-server) by hand, or set REDIS_URL.');
  const isRoot = process.getuid?.() === 0;
  const sudo = manager.needsRoot && !isRoot ? ['sudo'] : [];
  if (sudo.length > 0 && spawnSync('sudo', ['--version'], { stdio: 'ignore' }).status !== 0) {
    return console.log(`Run as root: ${manager.steps.map((step) => `${manager.program} ${step.join(' ')}`).join(' && ')}`);
  }
  for (const step of manager.steps) {
    const [program, ...args] = [...sudo, manager.program, ...step];
    run(program, args, { env: { ...process.env, ...manager.env } });
  }
}
