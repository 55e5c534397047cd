import { parseArgs } from 'node:util';
import { grantFirstAdmin } from './launch/first-admin';
import { rebuildSearch } from './launch/search-rebuild';
import { readRunFile, runningExchange } from './run-file';

const USAGE = `npm run cli -- <command> [--data <folder>]

  grant-admin <e-mail>   make a registered user the first administrator
  search rebuild         rebuild the search index of a running exchange from its owners, beside the one that answers
  status                 what runs, where, and what is not done yet
  help                   this

--data is the exchange's data folder, .data if none is given. The invariants are checked by npm run verify:invariants.
`;

/** The operator's commands. Each says what it did, and exits with 1 when it could not. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { data: { type: 'string', default: '.data' }, help: { type: 'boolean', short: 'h', default: false } } });
  const [command, argument] = positionals;
  if (values.help || command === undefined || command === 'help') return void process.stdout.write(USAGE);
  if (command === 'grant-admin' && argument) return grantAdmin(values.data, argument);
  if (command === 'search' && argument === 'rebuild') return rebuild(values.data);
  if (command === 'status') return status(values.data);
  throw new Error(command === 'grant-admin' ? `Whom? Name an e-mail address.\n\n${USAGE}` : `There is no command ${command}.\n\n${USAGE}`);
}

async function grantAdmin(data: string, email: string): Promise<void> {
  const database = process.env.USER_DATABASE_URL ?? readRunFile(data)?.databases.user;
  if (!database) throw new Error(`There is no exchange in ${data}: start it, or set USER_DATABASE_URL.`);
  await grantFirstAdmin(database, email);
  process.stdout.write('Done: who logs in from now on as that user is an administrator.\n');
}

async function rebuild(data: string): Promise<void> {
  const database = process.env.SEARCH_DATABASE_URL ?? runningExchange(data)?.databases.search;
  if (!database) throw new Error(`No exchange runs on ${data}: start it, or set SEARCH_DATABASE_URL.`);
  process.stdout.write(await rebuildSearch(database));
}

async function status(data: string): Promise<void> {
  const run = runningExchange(data);
  if (!run) throw new Error(`No exchange runs on ${data}.`);
  process.stdout.write(`${run.url} (${run.split ? 'one process per service' : 'one process'}, pid ${run.pid})\n`);
  for (const [name, url] of Object.entries(run.internal)) {
    const [ready, activity] = await Promise.all([fetch(`${url}/health/ready`), fetch(`${url}/activity`)].map((asked) => asked.catch(() => undefined)));
    const counts = activity?.ok ? ((await activity.json()) as Record<string, number>) : {}; // A flat object of counts.
    const open = Object.entries(counts).filter(([, count]) => count > 0);
    process.stdout.write(`  ${name.padEnd(15)} ${ready?.ok ? 'ready' : 'not ready'}${open.map(([what, count]) => `  ${what} ${count}`).join('')}\n`);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
