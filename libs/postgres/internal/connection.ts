import { Query } from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver';
import { sqlState } from './failures';

/** Text and parameters. What has none is sent as it is, so that it may be several statements. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

interface Answer {
  readonly rows: unknown[];
  readonly command: string | null;
}

/** What is used of the driver's connection; its types do not show it. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  readonly parsedStatements: Record<string, string | undefined>;
  readonly submittedNamedStatements: Record<string, string | undefined>;
  sync(): void;
  close(what: { type: 'S'; name: string }): void;
}

interface Client {
  readonly connection: Wire;
  query(what: Group | string): Promise<Answer | Answer[]> | Group;
  on(event: 'error', listener: (error: Error) => void): void;
  removeListener(event: 'error', listener: (error: Error) => void): void;
}

/** Statements are a fixed set of texts; one that builds texts must not fill the server's memory. */
const NAMES_MAX = 2_000;
const names = new Map<string, string>();

/** A named statement is parsed once for each connection. */
function nameOf({ text, values }: Statement): string | undefined {
  if (values.length === 0) return undefined;
  const known = names.get(text);
  if (known || names.size >= NAMES_MAX) return known;
  const name = `s${names.size}`;
  names.set(text, name);
  return name;
}

/** Statements that the server takes together: after one that fails it skips the others, so that none of them runs without those before it. */
class Group extends Query {
  private readonly fresh: string[] = [];
  private hasFailed = false;
  // The driver's own fields, which it reads when it writes a statement.
  declare name: string | undefined;
  declare text: string;
  declare values: unknown[];

  constructor(
    private readonly statements: readonly Statement[],
    callback: (error: Error | null, answer: Answer | Answer[]) => void,
  ) {
    super({ text: statements.at(-1)?.text ?? '', queryMode: 'extended' } as never, callback as never); // Its types know no mode.
  }

  /** The driver writes each statement as it would alone, but for the end of its group. */
  prepare(wire: Wire): void {
    const open = Object.create(wire, { sync: { value: () => undefined } }) as Wire; // The same connection.
    const write = (Query.prototype as unknown as { prepare(wire: Wire): void }).prepare; // Not in its types.
    for (const statement of this.statements) {
      const name = nameOf(statement);
      if (name && !wire.parsedStatements[name] && !wire.submittedNamedStatements[name]) this.fresh.push(name);
      Object.assign(this, { text: statement.text, values: [...statement.values], name });
      write.call(this, open);
      if (this.hasFailed) break;
      if (name) wire.parsedStatements[name] = statement.text;
    }
    this.name = undefined;
    wire.sync();
  }

  /** Nobody knows which of the names that it brought the server has taken. */
  handleError(error: Error, wire: Wire): void {
    this.hasFailed = true;
    for (const name of this.fresh.splice(0)) {
      wire.parsedStatements[name] = undefined;
      wire.submittedNamedStatements[name] = undefined;
      wire.close({ type: 'S', name });
    }
    (Query.prototype as unknown as { handleError(error: Error, wire: Wire): void }).handleError.call(this, error, wire); // Not in its types.
  }
}

/** Whether a table has changed, or the server has forgotten a statement, since the connection prepared it: another connection runs it, and nothing was done. */
export function isOutdated(error: unknown): boolean {
  const state = sqlState(error);
  return state === '26000' || (state === '0A000' && (error as Error).message.includes('cached plan')); // It has a state, so it is an error.
}

/** A connection of the pool, until it is given back. Statements go out in the order of the calls, without waiting for the answers to those before. */
export class Connection {
  private failure: Error | undefined;
  private isHeldBack = false;
  private readonly onError = (error: Error) => void (this.failure = error);

  private constructor(
    private readonly client: Client,
    private readonly giveBack: (error?: Error) => void,
  ) {
    client.on('error', this.onError);
  }

  static async of(source: DataSource): Promise<Connection> {
    const [client, release] = (await (source.driver as PostgresDriver).obtainMasterConnection()) as [Client, (error?: Error) => void]; // As its pool makes them.
    return new Connection(client, release);
  }

  /** The answer to the last of them. */
  async send(...statements: readonly Statement[]): Promise<Answer> {
    this.holdBack();
    try {
      const answer = await this.answerTo(statements);
      return (Array.isArray(answer) ? answer.at(-1) : answer) ?? { rows: [], command: null };
    } catch (error) {
      if (isOutdated(error)) this.failure ??= error as Error; // It has a state, so it is an error.
      throw error;
    }
  }

  release(): void {
    this.client.removeListener('error', this.onError);
    this.giveBack(this.failure);
  }

  private async answerTo(statements: readonly Statement[]): Promise<Answer | Answer[]> {
    if (statements.every(({ values }) => values.length === 0)) {
      return (await this.client.query(statements.map(({ text }) => text).join(';\n'))) as Answer | Answer[]; // A text is answered by a promise.
    }
    return new Promise((resolve, reject) => {
      void this.client.query(new Group(statements, (error, answer) => (error ? reject(error) : resolve(answer))));
    });
  }

  /** What is sent in the same turn goes out in one piece. */
  private holdBack(): void {
    if (this.isHeldBack) return;
    const { stream } = this.client.connection;
    this.isHeldBack = true;
    stream.cork();
    process.nextTick(() => {
      this.isHeldBack = false;
      stream.uncork();
    });
  }
}
