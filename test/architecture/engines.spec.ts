import { execSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** `npm test` leaves tests of real engines out, so the other command must name each of them: one that nothing runs shows nothing. */
const named = [...readFileSync('scripts/test-engines.mjs', 'utf8').matchAll(/'((?:apps|libs|test)\/[^']+)'/g)].map(([, path = '']) => path);
const suites = execSync('git ls-files --cached --others --exclude-standard "*.engines.spec.ts"', { encoding: 'utf8' }).split('\n').filter((path) => path !== '');

it('npm run test:engines runs every test that wants a real engine', () => {
  expect(suites.length).toBeGreaterThan(5);
  expect(suites.filter((suite) => !named.some((path) => suite.startsWith(path)))).toEqual([]);
});
