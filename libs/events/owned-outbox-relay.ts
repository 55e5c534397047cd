import type { Sql } from '@libs/postgres/sql';
import { failpoint } from '@libs/kernel/failpoint';
import { invariant } from '@libs/kernel/invariant';
import type { Bus, BusRecord } from './bus';
import { recordsOf } from './outbox-relay';

export interface OwnedRelayOptions {
  readonly sql: Sql;
  readonly bus: Bus;
  /** Told how long the bus took to take a batch. */
  readonly onSent?: (seconds: number, records: readonly BusRecord[]) => void;
  /** The name that the writer puts into the column `owner` of its rows: new for each writer that starts, since its rows must be in commit order. */
  readonly owner: string;
}

/** A row of the outbox that the writer has committed. */
export interface CommittedRow {
  readonly pos: number;
  readonly events: string;
}

const PASS_MS = 1_000;
const ROWS_A_READ_MAX = 200;
const ROWS_IN_MEMORY_MAX = 5_000;

const REGISTER = 'insert into outbox_watermark (owner, pos) values ($1, 0) on conflict do nothing';
const WATERMARK = 'select pos from outbox_watermark where owner = $1';
const RAISE = 'update outbox_watermark set pos = $2 where owner = $1 and pos < $2';
const READ = `select pos, events from outbox where owner = $1 and pos > $2 order by pos limit ${ROWS_A_READ_MAX}`;
const UNFINISHED = `
  select w.owner from outbox_watermark w
   where w.owner <> $1 and exists (select from outbox o where o.owner = w.owner and o.pos > w.pos) order by w.owner`;
const PENDING = `
  select coalesce(sum(o.event_count), 0)::bigint as events
    from outbox_watermark w join outbox o on o.owner = w.owner and o.pos > w.pos`;

/**
 * The relay beside a writer whose rows are in commit order: the writer hands committed rows over in memory, a watermark says
 * how far they are on the bus, and no row is ever marked. The table is read at the start and after a gap.
 */
export class OwnedOutboxRelay {
  private readonly memory: CommittedRow[] = [];
  /** Owners whose last rows go out before any of ours. */
  private readonly predecessors: string[] = [];
  private sent = 0;
  private isTableAhead = true;
  private isStarted = false;

  constructor(private readonly options: OwnedRelayOptions) {}

  /** Before the writer's first commit. Rows that earlier owners have left go out first. */
  async start(): Promise<void> {
    const { sql, owner } = this.options;
    await sql.query(REGISTER, [owner]);
    this.sent = await this.watermarkOf(owner);
    const left = await sql.query<{ owner: string }>(UNFINISHED, [owner]);
    this.predecessors.push(...left.map((row) => row.owner));
    this.isStarted = true;
  }

  /** After the writer has taken shards of `owner` over, and before it commits anything for them: what `owner` has committed goes out first. */
  takeOver(owner: string): void {
    if (owner !== this.options.owner && !this.predecessors.includes(owner)) this.predecessors.push(owner);
  }

  /** Right after a commit, in the order of the commits. */
  handOver(row: CommittedRow): void {
    if (this.isTableAhead && this.memory.length >= ROWS_IN_MEMORY_MAX) return;
    this.memory.push(row);
    if (this.memory.length >= ROWS_IN_MEMORY_MAX) this.readTable();
  }

  /** After a commit of unknown fate, or whenever a row may not have been handed over. */
  readTable(): void {
    this.memory.length = 0;
    this.isTableAhead = true;
  }

  /** Sends what there is, for a second at most; answers whether there may be more. */
  async pass(): Promise<boolean> {
    invariant(this.isStarted, 'the relay has not been started');
    const until = performance.now() + PASS_MS;
    while (await this.sendSome()) if (performance.now() > until) return true;
    return false;
  }

  /** Events that are committed and not on the bus, of all owners. */
  async pending(): Promise<number> {
    const [row] = await this.options.sql.query<{ events: number }>(PENDING);
    return row?.events ?? 0;
  }

  private async sendSome(): Promise<boolean> {
    const [predecessor] = this.predecessors;
    if (predecessor !== undefined) return this.finish(predecessor);
    if (this.isTableAhead) return this.sendFromTable();
    const rows = this.memory.slice(0, ROWS_A_READ_MAX);
    await this.send(this.options.owner, rows.filter((row) => row.pos > this.sent));
    while (this.memory[0] && this.memory[0].pos <= this.sent) this.memory.shift();
    return this.memory.length > 0;
  }

  private async finish(predecessor: string): Promise<boolean> {
    const rows = await this.options.sql.query<CommittedRow>(READ, [predecessor, await this.watermarkOf(predecessor)]);
    await this.send(predecessor, rows);
    if (rows.length < ROWS_A_READ_MAX) this.predecessors.shift();
    return true;
  }

  /** What is committed after the reading began is handed over in memory, where rows that were read are passed over. */
  private async sendFromTable(): Promise<boolean> {
    this.isTableAhead = false;
    try {
      const rows = await this.options.sql.query<CommittedRow>(READ, [this.options.owner, this.sent]);
      await this.send(this.options.owner, rows);
      if (rows.length === ROWS_A_READ_MAX) this.readTable();
      return true;
    } catch (error) {
      this.readTable();
      throw error;
    }
  }

  private async send(owner: string, rows: readonly CommittedRow[]): Promise<void> {
    const last = rows.at(-1);
    if (!last) return;
    const { sql, bus } = this.options;
    failpoint('relay.afterRead');
    const records = rows.flatMap((row) => recordsOf(row.events));
    const begun = performance.now();
    await bus.append(records);
    this.options.onSent?.((performance.now() - begun) / 1_000, records);
    failpoint('relay.afterSend');
    failpoint('relay.beforeMark');
    await sql.query(RAISE, [owner, last.pos]);
    if (owner === this.options.owner) this.sent = last.pos;
  }

  private async watermarkOf(owner: string): Promise<number> {
    const [row] = await this.options.sql.query<{ pos: number }>(WATERMARK, [owner]);
    return row?.pos ?? 0;
  }
}
