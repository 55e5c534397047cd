import { Database } from '@libs/postgres/database';
import type { Exchange } from '@libs/testing/story';

/** What the people of every story type in: their mailboxes, surnames, streets and passwords. */
const told = ['@example.com', ' Story', '"Story"', 'Harbour Street', 'horse battery'];
/** As it is, and as a column of bytes prints it. */
const traces = new RegExp(told.flatMap((words) => [words.replaceAll('.', '\\.'), Buffer.from(words).toString('hex')]).join('|'));

interface Shown extends Exchange {
  readonly log: string;
  readonly run: Exchange['run'] & { readonly internal: Readonly<Record<string, string>> };
}

/** Where that can be read in the clear: in a log line, a metric, or a row of any table of anybody but the user service, the bus among them. */
export async function personalDataShownBy({ log, run: { internal, databases } }: Shown): Promise<string[]> {
  const metrics = Object.entries(internal).map(async ([name, url]) => linesWith(traces, `metrics of ${name}`, await (await fetch(`${url}/metrics`)).text()));
  const tables = Object.entries(databases).filter(([name]) => name !== 'user').map(([name, url]) => rowsWith(traces, name, url));
  return [...linesWith(traces, 'log', log), ...(await Promise.all([...metrics, ...tables])).flat()];
}

function linesWith(words: RegExp, where: string, text: string): string[] {
  return text.split('\n').filter((line) => words.test(line)).map((line) => `${where}: ${line}`);
}

async function rowsWith(words: RegExp, name: string, url: string): Promise<string[]> {
  const database = await Database.open({ name, url, poolSize: 1 });
  try {
    const tables = await database.sql.query<{ named: string }>(`select format('%I.%I', schemaname, tablename) as named from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`);
    const found: string[] = [];
    for (const { named } of tables) {
      const rows = await database.sql.query<{ row: string }>(`select t::text as row from ${named} t where t::text ~ $1 limit 3`, [words.source]);
      found.push(...rows.map(({ row }) => `${name}, ${named}: ${row}`));
    }
    return found;
  } finally {
    await database.close();
  }
}
