import { parseArgs } from 'node:util';
import { backUp } from './backup/back-up';
import { restore } from './backup/restore';
import { grantFirstAdmin } from './launch/first-admin';
import { discardDeadLetter, lineOf, listDeadLetters, retryDeadLetter, showDeadLetter } from './operator/dead-letters';
import { doctor } from './operator/doctor';
import { reconcile } from './operator/reconcile';
import { readRunFile, runningExchange } from './run-file';

const USAGE = `npm run cli -- <command> [--data <folder>]

  grant-admin <e-mail>              make a registered user the first administrator
  status                            what runs, where, and what is not done yet
  doctor                            looks at this machine and its settings, and says what to do
  dlq list                          events that a service could not take
  dlq show <id>                     one of them, with the event
  dlq retry <id> --reason <why>     try it again, once its cause is mended
  dlq discard <id> --reason <why>   give it up: its effect never happens
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
  secrets: { type: 'string' },
  'without-secrets': { type: 'boolean', default: false },
  reason: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const say = (text: string) => void process.stdout.write(text);
const parse = () => parseArgs({ allowPositionals: true, options });
type Values = ReturnType<typeof parse>['values'];

/** The operator's commands. Each says what it did, and exits with 1 when it could not. */
async function main(): Promise<void> {
  const { values, positionals } = parse();
  const [command, ...rest] = positionals;
  if (values.help || command === undefined || command === 'help') return say(USAGE);
  switch (command) {
    case 'grant-admin':
      return grantAdmin(values.data, needed(rest[0], 'Whom? Name an e-mail address.'));
    case 'status':
      return status(values.data);
    case 'doctor':
      return doctor(values.data, say);
    case 'dlq':
      return deadLetters(rest, values);
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

async function grantAdmin(data: string, email: string): Promise<void> {
  const database = process.env.USER_DATABASE_URL ?? readRunFile(data)?.databases.user;
  if (!database) throw new Error(`There is no exchange in ${data}: start it, or set USER_DATABASE_URL.`);
  await grantFirstAdmin(database, email);
  say('Done: who logs in from now on as that user is an administrator.\n');
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

async function backup({ data, to, 'without-secrets': withoutSecrets }: Values): Promise<void> {
  const folder = needed(to, 'Where to? Name a folder with --to.');
  const { databases, cut, holdsSecrets } = await backUp({ data, to: folder, withSecrets: !withoutSecrets });
  const rows = Object.values(databases).flatMap(({ tables }) => tables).reduce((sum, table) => sum + table.rows, 0);
  say(`Done: ${Object.keys(databases).length} databases, ${rows} rows, of one instant (${cut}), in ${folder}.\n`);
  say(holdsSecrets ? 'It holds the keys of what is encrypted: keep it as you keep those.\n' : `It holds no keys: without ${data}/secrets nobody can read what is encrypted in it. Keep that folder apart.\n`);
}

async function restored({ from, data, secrets }: Values): Promise<void> {
  const { at } = await restore({ from: needed(from, 'From where? Name the backup with --from.'), data, ...(secrets && { secrets }) });
  say(`Done: ${data} is as the exchange was at ${at}. Start it with npm start -- --data ${data}, then run npm run verify:invariants -- --data ${data}.\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
