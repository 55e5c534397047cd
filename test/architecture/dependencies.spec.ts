import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { temporaryFolder } from '@libs/testing/temporary-folder';

const root = resolve(__dirname, '../..');
const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const config = join(root, '.dependency-cruiser.cjs');

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

function violationsIn(folder: string): Violation[] {
  const { stdout, stderr } = spawnSync(process.execPath, [program, '--config', config, '--output-type', 'json', 'apps', 'libs'], { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (!stdout) throw new Error(stderr);
  return (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations;
}

/** For each rule a file that breaks it: the path, and what stands in it. */
const probes: Readonly<Record<string, readonly [path: string, text: string]>> = {
  'domain-imports-nothing': ['apps/order/src/domain/a.ts', `import 'rxjs';`],
  'application-knows-no-adapter': ['apps/order/src/application/b.ts', `import '../adapters/postgres/here';`],
  'application-imports-little': ['apps/order/src/application/c.ts', `import 'node:fs';`],
  'adapters-do-not-meet': ['apps/order/src/adapters/kafka/d.ts', `import '../postgres/here';`],
  'apps-never-import-each-other': ['apps/order/src/adapters/postgres/e.ts', `import '../../../../user/src/user.module';`],
  'standalone-imports-modules-only': ['apps/standalone/src/f.ts', `import '../../user/src/domain/here';`],
  'libs-never-import-apps': ['libs/events/g.ts', `import '../../apps/user/src/user.module';`],
  'kernel-imports-nothing': ['libs/kernel/h.ts', `import 'node:fs';`],
  'contracts-import-the-codec-only': ['libs/contracts/i.ts', `import 'rxjs';`],
  'lib-internals-are-private': ['apps/user/src/adapters/postgres/j.ts', `import '@libs/events/internal/here';`],
  'sandbox-stands-alone': ['apps/sandbox/src/k.ts', `import '@libs/events/here';`],
  'vendors-stay-in-their-adapter': ['apps/user/src/l.ts', `import 'ioredis';`],
  'telemetry-only-when-asked-for': ['libs/events/s.ts', `import '@opentelemetry/api';`],
  'http-stays-at-the-door': ['apps/user/src/m.ts', `import 'ws';`],
  'grpc-stays-in-rpc': ['apps/user/src/n.ts', `import '@grpc/grpc-js';`],
  'no-cycles': ['libs/events/o.ts', `import './p'; export const o = 1;`],
  'no-dead-files': ['libs/events/q.ts', `export const q = 1;`],
  'tests-are-not-imported': ['apps/user/src/r.ts', `import '@libs/testing/here';`],
};

const surroundings: Readonly<Record<string, string>> = {
  'libs/events/p.ts': `import './o'; export const p = 1;`,
  'libs/events/here.ts': `import '@libs/kernel/here';`,
  'libs/events/internal/here.ts': `import '@libs/kernel/here';`,
  'libs/kernel/here.ts': `export const here = 1;`,
  'libs/testing/here.ts': `import '@libs/kernel/here';`,
  'apps/order/src/adapters/postgres/here.ts': `import '@libs/kernel/here';`,
  'apps/user/src/user.module.ts': `import '@libs/kernel/here';`,
  'apps/user/src/domain/here.ts': `import '@libs/kernel/here';`,
};

describe('dependencies', () => {
  it('obey the rules', () => {
    expect(violationsIn(root).map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
  }, 60_000);

  it('are watched: each rule is broken by the file that is made to break it', () => {
    const folder = temporaryFolder('dependency-rules');
    try {
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { paths: { '@libs/*': ['./libs/*'] } } }));
      for (const [path, text] of [...Object.values(probes), ...Object.entries(surroundings)]) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      const fired = new Set(violationsIn(folder).map(({ rule, from }) => `${rule.name}: ${from}`));
      expect(Object.entries(probes).map(([rule, [path]]) => `${rule}: ${path}`).filter((wanted) => !fired.has(wanted))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 60_000);

  it('have a probe for every rule', async () => {
    const { forbidden } = (await import(config)) as { forbidden: { name: string }[] };
    expect(Object.keys(probes).sort()).toEqual(forbidden.map(({ name }) => name).sort());
  });
});
