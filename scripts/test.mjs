// `npm test`: everything a fresh machine needs, then all tests, or those that are named.
import { join } from 'node:path';
import { prepare, root, run, sayWhatIsMissing } from './prepare.mjs';

prepare();
sayWhatIsMissing();
// The engines have a command of their own, `npm run test:engines`: these tests need none, whatever the environment names.
const { KAFKA_BROKERS, ELASTICSEARCH_URL, INFLUX_URL, ENGINES_TESTED, ...env } = process.env;
run(process.execPath, [join(root, 'node_modules/jest/bin/jest.js'), ...process.argv.slice(2)], { env: { ...env, NODE_ENV: 'test' } });
