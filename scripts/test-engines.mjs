// `npm run test:engines`: the contract suites and the main journeys against the real engines whose addresses are given, and a word on those that are not.
// Arguments are Jest's: paths among them are run instead of all suites. The engines are for tests alone: what the tests write there is theirs to remove.
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

const engines = {
  Kafka: { settings: ['KAFKA_BROKERS'], suites: ['libs/events/test/kafka-', 'apps/standalone/test/backup-on-kafka'] },
  Elasticsearch: { settings: ['ELASTICSEARCH_URL'], suites: ['apps/search/test/'] },
  InfluxDB: { settings: ['INFLUX_URL', 'INFLUX_ORG', 'INFLUX_BUCKET', 'INFLUX_TOKEN'], suites: ['apps/analytics/test/price-history', 'apps/analytics/test/history-outage'] },
  Redis: { settings: ['REDIS_URL'], suites: ['apps/bidding/test/redis-books', 'apps/gateway/test/limits', 'libs/redis/test/user-feed'] },
};
/** They take all engines at once. */
const whole = ['test/journeys/on-engines', 'test/consumers/on-engines'];

const missing = ({ settings }) => settings.filter((key) => !process.env[key]);
const given = Object.entries(engines).filter(([, engine]) => missing(engine).length === 0);
const leftOut = Object.entries(engines).filter(([, engine]) => missing(engine).length > 0);
console.log(given.length > 0 ? `Against the real ${given.map(([name]) => name).join(', ')}.` : 'No engine is given: nothing to test.');
for (const [name, engine] of leftOut) console.log(`Left out: ${name} (set ${missing(engine).join(', ')}).`);
if (given.length === 0) process.exit(0);

prepare();
const wanted = process.argv.slice(2);
const isNamed = wanted.some((argument) => /\//.test(argument));
const suites = isNamed ? [] : [...given.flatMap(([, { suites }]) => suites), ...whole];
// One file at a time: the machine has the engines to bear as well. The end is forced: a client whose broker was killed may keep a socket.
run(process.execPath, [join(root, 'node_modules/jest/bin/jest.js'), '--runInBand', '--forceExit', ...wanted, ...suites], { env: { ...process.env, NODE_ENV: 'test', ENGINES_TESTED: '1' } });
