import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { kafkaSchema } from '@libs/chassis/chassis-config';
import { createTopics } from '@libs/events/kafka-topics';
import { makeServiceKeys } from '@libs/rpc/service-keys';
import { rebuildAnalytics } from './launch/rebuild-analytics';
import { secretsFolder } from './launch/environment';
import { grantFirstAdmin, rotateKeys } from './launch/user-commands';
import { replayProjection } from './launch/replay-projection';
import { readRunFile, runningExchange } from './run-file';
import { innerServices } from './services';

const USAGE = `npm run cli -- <command> [--data <folder>]

  grant-admin <e-mail>   make a registered user the first administrator
  keys rotate            seal addresses, phones and kept tokens with a new key, while the exchange runs; again, when it was cut short
  rebuild analytics      build the price history anew from its owners, while the exchange goes on
  bus create-topics      make the topics on KAFKA_BROKERS that are not there yet
  replay <service> [--since <time>]
                         empty what a stopped service keeps from events, and let its next start fill it anew
  service-keys <folder>  make the keys with which services sign their calls, where they are missing
  status                 what runs, where, and what is not done yet
  help                   this

--data is the exchange's data folder, .data if none is given. The invariants are checked by npm run verify:invariants.
`;

/** The operator's commands. Each says what it did, and exits with 1 when it could not. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { data: { type: 'string', default: '.data' }, since: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } } });
  const [command, argument] = positionals;
  if (values.help || command === undefined || command === 'help') return void process.stdout.write(USAGE);
  if (command === 'grant-admin' && argument) return grantAdmin(values.data, argument);
  if (command === 'keys' && argument === 'rotate') return rotate(values.data);
  if (command === 'rebuild' && argument === 'analytics') return rebuild(values.data);
  if (command === 'bus' && argument === 'create-topics') return makeTopics();
  if (command === 'replay' && argument) return tellAnew(argument, values.data, values.since);
  if (command === 'service-keys' && argument) return void makeServiceKeys(argument);
  if (command === 'status') return status(values.data);
  throw new Error(command === 'grant-admin' ? `Whom? Name an e-mail address.\n\n${USAGE}` : `There is no command ${command}.\n\n${USAGE}`);
}

function userDatabaseOf(data: string): string {
  const database = process.env.USER_DATABASE_URL ?? readRunFile(data)?.databases.user;
  if (!database) throw new Error(`There is no exchange in ${data}: start it, or set USER_DATABASE_URL.`);
  return database;
}

async function rotate(data: string): Promise<void> {
  process.stdout.write(await rotateKeys(userDatabaseOf(data), process.env.USER_SECRETS_FILE ?? join(secretsFolder(data), 'user.json')));
}

async function grantAdmin(data: string, email: string): Promise<void> {
  await grantFirstAdmin(userDatabaseOf(data), email);
  process.stdout.write('Done: who logs in from now on as that user is an administrator.\n');
}

async function rebuild(data: string): Promise<void> {
  const database = process.env.ANALYTICS_DATABASE_URL ?? readRunFile(data)?.databases.analytics;
  if (!database) throw new Error(`There is no exchange in ${data}: start it, or set ANALYTICS_DATABASE_URL.`);
  const { changed, before, after } = await rebuildAnalytics(database);
  process.stdout.write(`Done: ${before === after ? 'it equals what it was' : `${changed} trades differed`}.\n  before ${before}\n  after  ${after}\n`);
}

async function makeTopics(): Promise<void> {
  const { kafka, ...replication } = kafkaSchema.parse(process.env);
  if (!kafka) throw new Error('On which brokers? Set KAFKA_BROKERS.');
  const made = await createTopics(kafka, replication);
  process.stdout.write(made.length > 0 ? `Made: ${made.map((topic) => kafka.prefix + topic).join(', ')}.\n` : 'All topics were there.\n');
}

async function tellAnew(name: string, data: string, from: string | undefined): Promise<void> {
  const since = from === undefined ? undefined : new Date(from);
  if (since && Number.isNaN(since.getTime())) throw new Error(`${from} is no time: write it as 2026-11-20T12:00:00Z.`);
  const found = innerServices.find(({ service }) => service.name === name);
  if (!found) throw new Error(`There is no service ${name}.`);
  const { keys, events } = await replayProjection({ service: found.service, data, env: process.env, since });
  process.stdout.write(`${name} is empty; its next start takes ${events} events of ${keys} keys.\n`);
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
