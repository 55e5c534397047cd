// `npm start`: everything a fresh machine needs, then the exchange in this very process, so that a signal reaches it directly.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, root, sayWhatIsMissing } from './prepare.mjs';

prepare();
sayWhatIsMissing();
const main = join(root, 'dist/apps/standalone/src/main.js');
process.argv[1] = main;
await import(pathToFileURL(main).href);
