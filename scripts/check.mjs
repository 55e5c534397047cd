// `npm run check`: everything that can be said of the sources without running the exchange. Each line is a tool; what it finds is printed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkNode, install, root } from './prepare.mjs';

checkNode();
install();

const bin = (path) => join(root, 'node_modules', path);
const buf = [bin('@bufbuild/buf/bin/buf')];
const steps = [
  [
    ['contracts: lint', [...buf, 'lint']],
    ...breakingAgainst().map(([name, against]) => [`contracts: nothing broken since ${name}`, [...buf, 'breaking', '--against', against]]),
    ['contracts: generated code is fresh', [join(root, 'scripts/codegen-fresh.mjs')]],
    ['dependency rules', [bin('dependency-cruiser/bin/dependency-cruise.mjs'), '--config', '.dependency-cruiser.cjs', '--output-type', 'err-long', 'apps', 'libs']],
  ],
  [
    ['types', [bin('typescript/bin/tsc'), '-p', '.']],
    ['lint', [bin('eslint/bin/eslint.js'), '.', '--max-warnings', '0', '--cache', '--cache-location', 'node_modules/.cache/eslint/']],
  ],
  [['architecture', [bin('jest/bin/jest.js'), 'test/architecture', '--silent']]],
];

let failed = 0;
for (const together of steps) failed += (await Promise.all(together.map(check))).filter((isGood) => !isGood).length;
console.log(failed === 0 ? 'All of it holds.' : `${failed} of the checks failed.`);
process.exit(failed === 0 ? 0 : 1);

/** The landed contracts: an image in the tree, and the main branch where there is one that this checkout is ahead of. */
function breakingAgainst() {
  const found = [];
  if (existsSync(join(root, 'proto/baseline.binpb'))) found.push(['the last release', 'proto/baseline.binpb']);
  const commit = (ref) => spawnSync('git', ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`], { cwd: root, encoding: 'utf8' }).stdout?.trim();
  const main = commit('origin/main') || commit('main');
  const hasProtos = main && spawnSync('git', ['cat-file', '-e', `${main}:proto`], { cwd: root }).status === 0;
  const isShallow = spawnSync('git', ['rev-parse', '--is-shallow-repository'], { cwd: root, encoding: 'utf8' }).stdout?.trim() === 'true';
  if (hasProtos && !isShallow) found.push([`main (${main.slice(0, 8)})`, `.git#ref=${main}`]);
  return found;
}

function check([name, args]) {
  const begun = performance.now();
  const env = { ...process.env, NODE_ENV: 'test', FORCE_COLOR: '0', PATH: `${bin('.bin')}:${process.env.PATH}` };
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('close', (code) => {
      console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
      if (code !== 0) console.log(output.trimEnd());
      resolve(code === 0);
    });
  });
}
