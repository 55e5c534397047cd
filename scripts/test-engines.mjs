// `npm run test:engines`: the contract suites and the main journeys against the real engines whose addresses are given, and a word on those that are not.
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

const engines = {
  Kafka: ['KAFKA_BROKERS'],
  Elasticsearch: ['ELASTICSEARCH_URL'],
  InfluxDB: ['INFLUX_URL', 'INFLUX_ORG', 'INFLUX_BUCKET', 'INFLUX_TOKEN'],
  Redis: ['REDIS_URL'],
};

const given = Object.entries(engines).filter(([, keys]) => keys.every((key) => process.env[key]));
const leftOut = Object.entries(engines).filter(([, keys]) => !keys.every((key) => process.env[key]));
console.log(given.length > 0 ? `Against the real ${given.map(([name]) => name).join(', ')}.` : 'No engine is given: nothing to test.');
for (const [name, keys] of leftOut) console.log(`Left out: ${name} (set ${keys.filter((key) => !process.env[key]).join(', ')}).`);
if (given.length === 0) process.exit(0);

prepare();
// One file at a time: the machine has the engines to bear as well. The end is forced: a client whose broker was killed may keep a socket.
run(process.execPath, [join(root, 'node_modules/jest/bin/jest.js'), '--runInBand', '--forceExit', ...process.argv.slice(2)], { env: { ...process.env, NODE_ENV: 'test', ENGINES_TESTED: '1' } });
