// `npm test`: everything a fresh machine needs, then all tests, or those that are named.
import { join } from 'node:path';
import { prepare, root, run, sayWhatIsMissing } from './prepare.mjs';

prepare();
sayWhatIsMissing();
run(process.execPath, [join(root, 'node_modules/jest/bin/jest.js'), ...process.argv.slice(2)], { env: { ...process.env, NODE_ENV: 'test' } });
