import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { runEngineBench } from './engine.bench';
import { orderEntry } from './order-entry';
import { searchBench } from './search.bench';

const RUNS = [
  { connections: 1, orders: 2_000 },
  { connections: 16, orders: 8_000 },
  { connections: 64, orders: 24_000 },
];
const GOAL = { perSecond: 10_000, p99Ms: 25 };
const ENGINE_GOAL = 7;

/** `npm run bench`: the engine against a package, then order entry over HTTP. `--check` fails when a goal is missed; `--only engine|orders|search` runs one part; search is run only when it is named. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false }, only: { type: 'string' }, scale: { type: 'string', default: '1' } } });
  say(`Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}); the load generator shares them`);
  if (values.only === 'search') {
    say(JSON.stringify({ bench: 'search', ...(await searchBench(say)) }));
    return 0;
  }
  let isMissed = false;
  if (values.only !== 'orders') {
    say('\nThe engine alone, orders per second of CPU, against the npm package nodejs-order-book on the same flow:');
    for (const { markets, trades, areTradesEqual, ratio, ...perSecond } of runEngineBench()) {
      say(`${markets} markets: package ${perSecond.package}, our book ${perSecond.book} (${ratio}x), whole commands ${perSecond.commands}; ${trades} trades, ${areTradesEqual ? 'identical' : 'DIFFERENT'}`);
      isMissed ||= ratio < ENGINE_GOAL || !areTradesEqual;
    }
  }
  if (values.only !== 'engine') {
    say('\nOrder entry over HTTP: durable before it is answered, all services in one process; relay, Redis and metrics on, the saga paused:');
    const scale = Number(values.scale);
    const result = await orderEntry(RUNS.map(({ connections, orders }) => ({ connections, orders: Math.round(orders * scale) })), say);
    say(`\nrelay lag at the end: ${result.relayLag} events; ${result.invariants}`);
    say(`resident memory, MB: ${JSON.stringify(result.rssMb)}`);
    const loaded = result.at.at(-1)?.result;
    isMissed ||= !loaded || loaded.perSecond < GOAL.perSecond || loaded.p99Ms > GOAL.p99Ms || result.at.some(({ result: { failures } }) => failures > 0);
    say(JSON.stringify({ bench: 'order entry', ...result }));
  }
  if (isMissed) say(`A goal is missed: engine ${ENGINE_GOAL}x with identical trades; ${GOAL.perSecond} orders/s and p99 ${GOAL.p99Ms} ms at 64 connections.`);
  return values.check && isMissed ? 1 : 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
