// Fails when libs/contracts/gen is not what the protos give.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run } from './prepare.mjs';

const made = mkdtempSync(join(tmpdir(), 'codegen-'));
const committed = join(root, 'libs/contracts/gen');
try {
  run(process.execPath, [join(root, 'node_modules/@bufbuild/buf/bin/buf'), 'generate', '-o', made], { env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` } });
  const fresh = contents(join(made, 'libs/contracts/gen'));
  const present = contents(committed);
  const stale = [...new Set([...fresh.keys(), ...present.keys()])].filter((path) => fresh.get(path) !== present.get(path));
  if (stale.length > 0) {
    console.error(`Generated code is not fresh: run npm run codegen.\n${stale.map((path) => `  ${path}`).join('\n')}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(made, { recursive: true, force: true });
}

function contents(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((path) => path.endsWith('.ts'));
  return new Map(files.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}
