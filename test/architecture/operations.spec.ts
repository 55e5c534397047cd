import { existsSync, readFileSync } from 'node:fs';

/** The tables of what happens while a part is down: each of their rows is a test. */
const section = readFileSync('docs/operations.md', 'utf8').split(/^## /m).find((part) => part.startsWith('An engine is down')) ?? '';
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\| (down|---) /.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, down = '', , , shownBy = '']) => ({ down, shownBy }));

/** `path` "title", "title", `path` "title" … */
function testsOf(cell: string): { path: string; title: string }[] {
  return [...cell.matchAll(/`([^`]+)` ("[^"]+"(?:, "[^"]+")*)/g)].flatMap(([, path = '', titles = '']) => [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ path, title })));
}

const isTest = ({ path, title }: { path: string; title: string }) =>
  existsSync(path) && [`('${title.replaceAll("'", "\\'")}'`, `(\`${title}\``].some((begin) => readFileSync(path, 'utf8').includes(begin));

it('there is a row for each part that can be down', () => {
  expect(rows.map(({ down }) => down.split(/[ ,]/)[0])).toEqual(expect.arrayContaining([
    'PostgreSQL', 'Redis', 'Elasticsearch', 'InfluxDB', 'Stripe', 'SendGrid', 'gateway', 'user', 'product', 'bidding', 'order', 'payment', 'authentication', 'notification', 'search', 'analytics',
  ]));
});

it.each(rows)('what happens while $down is down is shown by a test that is there', ({ shownBy }) => {
  const tests = testsOf(shownBy);
  expect(tests).not.toEqual([]);
  expect(tests.filter((test) => !isTest(test))).toEqual([]);
});
