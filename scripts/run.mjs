// `node scripts/run.mjs <program> …`: prepares this checkout, then runs a built program of ours in this very process.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, root } from './prepare.mjs';

const [program, ...args] = process.argv.slice(2);
prepare();
const main = join(root, 'dist', program);
process.argv = [process.argv[0], main, ...args];
await import(pathToFileURL(main).href);
