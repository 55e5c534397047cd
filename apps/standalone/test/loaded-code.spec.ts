import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { BUILD } from '@libs/testing/exchange-process';

/** The packages whose code a process has loaded when it has loaded this module of the build. */
function packagesBehind(module: string): ReadonlySet<string> {
  const program = 'require(process.argv[1]); console.log(JSON.stringify(Object.keys(require.cache)))';
  const files = JSON.parse(execFileSync(process.execPath, ['-e', program, join(BUILD, module)], { encoding: 'utf8', maxBuffer: 1 << 24 })) as string[]; // Printed by ourselves.
  return new Set(files.flatMap((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file.replaceAll('\\', '/'))?.[1] ?? []));
}

/** A start takes as long as its code takes to be read: `lazy` in .swcrc names what most exchanges never use. */
it('an exchange on its embedded defaults does not load the clients of engines that it does not use', () => {
  const loaded = packagesBehind('apps/standalone/src/services.js');
  expect([...loaded]).toEqual(expect.arrayContaining(['pg', 'zod']));
  for (const name of ['@elastic/elasticsearch', 'apache-arrow', '@influxdata/influxdb-client', 'kafkajs']) expect([name, loaded.has(name)]).toEqual([name, false]);
});
