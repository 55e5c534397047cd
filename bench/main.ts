import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { chartsBench } from './charts.bench';
import { kafkaBrokers } from '@libs/testing/test-kafka';
import { busThroughput } from './bus.bench';
import { runEngineBench } from './engine.bench';
import { notificationLoad } from './notifications';
import { orderEntry } from './order-entry';
import { searchBench } from './search.bench';

const RUNS = [
  { connections: 1, orders: 2_000 },
  { connections: 16, orders: 8_000 },
  { connections: 64, orders: 24_000 },
];
const GOAL = { perSecond: 10_000, p99Ms: 25 };
const ENGINE_GOAL = 7;
const NOTIFICATIONS = 10_000;
const SALES = 1_000_000;
const BUS_GOAL = 0.6;
const PARTS = ['engine', 'orders', 'notifications', 'bus', 'search', 'charts'];

/** `npm run bench`: the engine against a package, order entry and messages over HTTP, and with KAFKA_BROKERS the bus against the bare client. `--check` fails when a goal is missed; `--only <part>` runs one part: search and the charts with a million sales run only when they are named. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false }, only: { type: 'string' }, scale: { type: 'string', default: '1' } } });
  if (values.only !== undefined && !PARTS.includes(values.only)) throw new Error(`There is no part ${values.only}: --only takes ${PARTS.join(', ')}.`);
  if (values.only === 'bus' && kafkaBrokers().length === 0) throw new Error('On which brokers? Set KAFKA_BROKERS.');
  say(`Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}); the load generator shares them`);
  const runs = (part: string) => values.only === undefined || values.only === part;
  if (values.only === 'charts') {
    await chartsBench(Math.round(SALES * Number(values.scale)), say);
    return 0;
  }
  if (values.only === 'search') {
    say(JSON.stringify({ bench: 'search', ...(await searchBench(say)) }));
    return 0;
  }
  let isMissed = false;
  if (runs('engine')) {
    say('\nThe engine alone, orders per second of CPU, against the npm package nodejs-order-book on the same flow:');
    for (const { markets, trades, areTradesEqual, ratio, ...perSecond } of runEngineBench()) {
      say(`${markets} markets: package ${perSecond.package}, our book ${perSecond.book} (${ratio}x), whole commands ${perSecond.commands}; ${trades} trades, ${areTradesEqual ? 'identical' : 'DIFFERENT'}`);
      isMissed ||= ratio < ENGINE_GOAL || !areTradesEqual;
    }
  }
  if (runs('orders')) {
    say('\nOrder entry over HTTP: durable before it is answered, all services in one process; relay, Redis and metrics on, the saga paused:');
    const scale = Number(values.scale);
    const result = await orderEntry(RUNS.map(({ connections, orders }) => ({ connections, orders: Math.round(orders * scale) })), say);
    say(`\nrelay lag at the end: ${result.relayLag} events; ${result.invariants}`);
    say(`resident memory, MB: ${JSON.stringify(result.rssMb)}`);
    const loaded = result.at.at(-1)?.result;
    isMissed ||= !loaded || loaded.perSecond < GOAL.perSecond || loaded.p99Ms > GOAL.p99Ms || result.at.some(({ result: { failures } }) => failures > 0);
    say(JSON.stringify({ bench: 'order entry', ...result }));
  }
  if (runs('notifications')) {
    say('\nMessages through the real SDKs against the sandbox, 2 % of the calls refused and 2 % without an answer; all services in one process:');
    const result = await notificationLoad(Math.round(NOTIFICATIONS * Number(values.scale)), say);
    isMissed ||= result.doubled > 0 || result.open > 0;
    say(JSON.stringify({ bench: 'notifications', ...result }));
  }
  const brokers = kafkaBrokers();
  if (brokers.length > 0 && runs('bus')) {
    const bus = await busThroughput(brokers);
    say(`\nThe bus on Kafka, events per second, all replicas acknowledging: produced ${bus.produce} (the bare client ${bus.bareProduce}: ${bus.produceShare}), consumed with commits ${bus.consume} (${bus.bareConsume}: ${bus.consumeShare})`);
    isMissed ||= Math.min(bus.produceShare, bus.consumeShare) < BUS_GOAL;
    say(JSON.stringify({ bench: 'bus', ...bus }));
  }
  if (isMissed) say(`A goal is missed: engine ${ENGINE_GOAL}x with identical trades; the bus at ${BUS_GOAL} of the bare client; ${GOAL.perSecond} orders/s and p99 ${GOAL.p99Ms} ms at 64 connections; every message delivered once, or given up with a reason.`);
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
