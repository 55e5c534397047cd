import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { kafkaSchema } from '@libs/chassis/chassis-config';
import { createTopics } from '@libs/events/kafka-topics';
import { makeServiceKeys } from '@libs/rpc/service-keys';
import { rebuildAnalytics } from './launch/rebuild-analytics';
import { secretsFolder } from './launch/environment';
import { grantFirstAdmin, rotateKeys } from './launch/user-commands';
import { discardDeadLetter, lineOf, listDeadLetters, retryDeadLetter, showDeadLetter } from './operator/dead-letters';
import { listParkedMessages, resumeParkedMessage } from './operator/parked-messages';
import { reconcile } from './operator/reconcile';
import { rebuildSearch } from './launch/search-rebuild';
import { readRunFile, runningExchange } from './run-file';

const USAGE = `npm run cli -- <command> [--data <folder>]

  grant-admin <e-mail>              make a registered user the first administrator
  rebuild search                    build the search index of a running exchange anew from its owners, beside the one that answers
  keys rotate                       seal addresses, phones and kept tokens with a new key, while the exchange runs; again, when it was cut short
  rebuild analytics                 build the price history anew from its owners, while the exchange goes on
  bus create-topics                 make the topics on KAFKA_BROKERS that are not there yet
  replay <service> [--since <time>] empty what a stopped service keeps from events, and let its next start fill it anew
  service-keys <folder>             make the keys with which services sign their calls, where they are missing
  status                            what runs, where, and what is not done yet
  doctor                            looks at this machine and its settings, and says what to do
  dlq list                          events that a service could not take
  dlq show <id>                     one of them, with the event
  dlq retry <id> --reason <why>     try it again, once its cause is mended
  dlq discard <id> --reason <why>   give it up: its effect never happens
  messages list                     messages to users that were given up after their tries
  messages resume <id>              try one of them anew
  reconcile                         compare the provider's books with ours, now
  backup --to <folder>              everything that is truth, as of one instant; also while the exchange runs
                                    (--without-secrets leaves the keys out: keep <data>/secrets apart)
  restore --from <folder>           into the data folder, which must be new (--secrets <folder> if they were kept apart)
  help                              this

--data is the exchange's data folder, .data if none is given. The invariants are checked by npm run verify:invariants.
`;

const options = {
  data: { type: 'string', default: '.data' },
  to: { type: 'string' },
  from: { type: 'string' },
  since: { type: 'string' },
  secrets: { type: 'string' },
  'without-secrets': { type: 'boolean', default: false },
  reason: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const say = (text: string) => void process.stdout.write(text);
const parse = () => parseArgs({ allowPositionals: true, options });
type Values = ReturnType<typeof parse>['values'];

/**
 * The operator's commands. Each says what it did, and exits with 1 when it could not. What needs the services' own code loads it by itself:
 * that takes longer than all that the other commands do.
 */
async function main(): Promise<void> {
  const { values, positionals } = parse();
  const [command, ...rest] = positionals;
  if (values.help || command === undefined || command === 'help') return say(USAGE);
  switch (command) {
    case 'grant-admin':
      return grantAdmin(values.data, needed(rest[0], 'Whom? Name an e-mail address.'));
    case 'keys':
      return rotate(values.data, rest[0]);
    case 'rebuild':
      return rebuild(values.data, rest[0]);
    case 'bus':
      return makeTopics(rest[0]);
    case 'replay':
      return tellAnew(needed(rest[0], 'Which service? Name it.'), values.data, values.since);
    case 'service-keys':
      return void makeServiceKeys(needed(rest[0], 'Where to? Name a folder.'));
    case 'status':
      return status(values.data);
    case 'doctor':
      return (await import('./operator/doctor.js')).doctor(values.data, say);
    case 'dlq':
      return deadLetters(rest, values);
    case 'messages':
      return parkedMessages(rest, values);
    case 'reconcile':
      return say(await reconcile(values.data));
    case 'backup':
      return backup(values);
    case 'restore':
      return restored(values);
    default:
      throw new Error(`There is no command ${command}.\n\n${USAGE}`);
  }
}

function needed(value: string | undefined, question: string): string {
  if (!value) throw new Error(`${question}\n\n${USAGE}`);
  return value;
}

function userDatabaseOf(data: string): string {
  const database = process.env.USER_DATABASE_URL ?? readRunFile(data)?.databases.user;
  if (!database) throw new Error(`There is no exchange in ${data}: start it, or set USER_DATABASE_URL.`);
  return database;
}

async function rotate(data: string, action: string | undefined): Promise<void> {
  if (action !== 'rotate') throw new Error(`keys rotate?\n\n${USAGE}`);
  say(await rotateKeys(userDatabaseOf(data), process.env.USER_SECRETS_FILE ?? join(secretsFolder(data), 'user.json')));
}

async function grantAdmin(data: string, email: string): Promise<void> {
  await grantFirstAdmin(userDatabaseOf(data), email);
  say('Done: who logs in from now on as that user is an administrator.\n');
}

async function rebuild(data: string, what: string | undefined): Promise<void> {
  if (what === 'search') return rebuildIndex(data);
  if (what !== 'analytics') throw new Error(`rebuild analytics or search?\n\n${USAGE}`);
  const database = process.env.ANALYTICS_DATABASE_URL ?? readRunFile(data)?.databases.analytics;
  if (!database) throw new Error(`There is no exchange in ${data}: start it, or set ANALYTICS_DATABASE_URL.`);
  const { changed, before, after } = await rebuildAnalytics(database);
  say(`Done: ${before === after ? 'it equals what it was' : `${changed} trades differed`}.\n  before ${before}\n  after  ${after}\n`);
}

async function makeTopics(action: string | undefined): Promise<void> {
  if (action !== 'create-topics') throw new Error(`bus create-topics?\n\n${USAGE}`);
  const { kafka, ...replication } = kafkaSchema.parse(process.env);
  if (!kafka) throw new Error('On which brokers? Set KAFKA_BROKERS.');
  const made = await createTopics(kafka, replication);
  say(made.length > 0 ? `Made: ${made.map((topic) => kafka.prefix + topic).join(', ')}.\n` : 'All topics were there.\n');
}

async function tellAnew(name: string, data: string, from: string | undefined): Promise<void> {
  const since = from === undefined ? undefined : new Date(from);
  if (since && Number.isNaN(since.getTime())) throw new Error(`${from} is no time: write it as 2026-11-20T12:00:00Z.`);
  const { innerServices } = await import('./services.js');
  const found = innerServices.find(({ service }) => service.name === name);
  if (!found) throw new Error(`There is no service ${name}.`);
  const { replayProjection } = await import('./launch/replay-projection.js');
  const { keys, events } = await replayProjection({ service: found.service, data, env: process.env, since });
  say(`${name} is empty; its next start takes ${events} events of ${keys} keys.\n`);
}

async function rebuildIndex(data: string): Promise<void> {
  const database = process.env.SEARCH_DATABASE_URL ?? runningExchange(data)?.databases.search;
  if (!database) throw new Error(`No exchange runs on ${data}: start it, or set SEARCH_DATABASE_URL.`);
  say(await rebuildSearch(database));
}

async function status(data: string): Promise<void> {
  const run = runningExchange(data);
  if (!run) throw new Error(`No exchange runs on ${data}.`);
  say(`${run.url} (${run.split ? 'one process per service' : 'one process'}, pid ${run.pid})\n`);
  for (const [name, url] of Object.entries(run.internal)) {
    const [ready, activity] = await Promise.all([fetch(`${url}/health/ready`), fetch(`${url}/activity`)].map((asked) => asked.catch(() => undefined)));
    const counts = activity?.ok ? ((await activity.json()) as Record<string, number>) : {}; // A flat object of counts.
    const open = Object.entries(counts).filter(([, count]) => count > 0);
    say(`  ${name.padEnd(15)} ${ready?.ok ? 'ready' : 'not ready'}${open.map(([what, count]) => `  ${what} ${count}`).join('')}\n`);
  }
}

async function deadLetters([action, id]: readonly string[], { data, reason }: Values): Promise<void> {
  const which = () => needed(id, 'Which? dlq list shows their ids.');
  const why = () => needed(reason, 'Why? Give a --reason: it is written down with the event.');
  switch (action) {
    case 'list': {
      const found = await listDeadLetters(data);
      return say(found.length === 0 ? 'There is no dead letter.\n' : found.map(lineOf).join(''));
    }
    case 'show': {
      const event = await showDeadLetter(data, which());
      return say(`${lineOf(event)}  ${event.event}\n`);
    }
    case 'retry':
      await retryDeadLetter(data, which(), why());
      return say('It is tried again within a second or so, when its service runs. See dlq list whether it took effect.\n');
    case 'discard':
      await discardDeadLetter(data, which(), why());
      return say('Given up. The event is kept with your reason in parked_decisions; its key goes on behind it.\n');
    default:
      throw new Error(`dlq list, show, retry or discard?\n\n${USAGE}`);
  }
}

async function parkedMessages([action, id]: readonly string[], { data }: Values): Promise<void> {
  switch (action) {
    case 'list':
      return say((await listParkedMessages(data)) || 'No message was given up.\n');
    case 'resume':
      await resumeParkedMessage(data, needed(id, 'Which? messages list shows their ids.'));
      return say('It is tried again within a second or so, when notification runs. See messages list whether it went out.\n');
    default:
      throw new Error(`messages list or resume?\n\n${USAGE}`);
  }
}

async function backup({ data, to, 'without-secrets': withoutSecrets }: Values): Promise<void> {
  const folder = needed(to, 'Where to? Name a folder with --to.');
  const { backUp } = await import('./backup/back-up.js');
  const { databases, cut, holdsSecrets } = await backUp({ data, to: folder, withSecrets: !withoutSecrets });
  const rows = Object.values(databases).flatMap(({ tables }) => tables).reduce((sum, table) => sum + table.rows, 0);
  say(`Done: ${Object.keys(databases).length} databases, ${rows} rows, of one instant (${cut}), in ${folder}.\n`);
  say(holdsSecrets ? 'It holds the keys of what is encrypted: keep it as you keep those.\n' : `It holds no keys: without ${data}/secrets nobody can read what is encrypted in it. Keep that folder apart.\n`);
}

async function restored({ from, data, secrets }: Values): Promise<void> {
  const folder = needed(from, 'From where? Name the backup with --from.');
  const { restore } = await import('./backup/restore.js');
  const { at } = await restore({ from: folder, data, ...(secrets && { secrets }) });
  say(`Done: ${data} is as the exchange was at ${at}. Start it with npm start -- --data ${data}, then run npm run verify:invariants -- --data ${data}.\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
