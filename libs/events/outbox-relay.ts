import { failpoint } from '@libs/kernel/failpoint';
import type { Sql } from '@libs/postgres/sql';
import type { Bus, BusRecord } from './bus';
import { addressOf } from './event-line';

export interface RelayOptions {
  readonly sql: Sql;
  readonly bus: Bus;
  /** Told how long the bus took to take a batch. */
  readonly onSent?: (seconds: number, records: readonly BusRecord[]) => void;
  /** Unique among all processes, at all times: two relays of one name are held apart by it. */
  readonly holder: string;
}

interface Row {
  readonly pos: number;
  readonly events: string;
}

const ROWS_A_READ_MAX = 200;
const PASS_MS = 1_000;
const LEASE_MS = 2_000;
const PRUNED_AT_ONCE = 5_000;
const LEASE = 'outbox';

const TAKE_LEASE = `
  insert into relay_lease as l (name, holder, epoch, expires_at) values ($1, $2, 1, now() + $3 * interval '1 ms')
      on conflict (name) do update
         set holder = excluded.holder, expires_at = excluded.expires_at, epoch = l.epoch + case when l.holder = excluded.holder then 0 else 1 end
       where l.holder = excluded.holder or l.expires_at < now()
  returning epoch`;

const READ = `select pos, events from outbox where published_at is null and owner is null order by pos limit ${ROWS_A_READ_MAX}`;

const MARK = `
  update outbox set published_at = now()
   where pos = any ($1) and published_at is null
     and exists (select from relay_lease where name = $2 and holder = $3 and epoch = $4 for share)
  returning pos`;

/**
 * Moves what a service has committed from its outbox to the bus, in order. The lease lets one of several relays work;
 * one that was paused beyond it may send rows again, which cursors drop, but it can no longer mark any.
 */
export class OutboxRelay {
  private epoch = 0;
  private renewAt = 0;

  constructor(private readonly options: RelayOptions) {}

  /** Sends what there is, for a second at most; answers whether there may be more. */
  async pass(): Promise<boolean> {
    const until = performance.now() + PASS_MS;
    while (await this.sendSome()) if (performance.now() > until) return true;
    return false;
  }

  private async sendSome(): Promise<boolean> {
    const { sql, bus, holder } = this.options;
    if (!(await this.holdsLease())) return false;
    const rows = await sql.query<Row>(READ);
    if (rows.length === 0) return false;
    failpoint('relay.afterRead');
    const records = rows.flatMap((row) => recordsOf(row.events));
    const begun = performance.now();
    await bus.append(records);
    this.options.onSent?.((performance.now() - begun) / 1_000, records);
    failpoint('relay.afterSend');
    failpoint('relay.beforeMark');
    const marked = await sql.query(MARK, [rows.map((row) => row.pos), LEASE, holder, this.epoch]);
    if (marked.length === 0) this.renewAt = 0; // Another relay has taken over meanwhile.
    return rows.length === ROWS_A_READ_MAX;
  }

  /** Events that are committed and not on the bus. */
  async pending(): Promise<number> {
    const [row] = await this.options.sql.query<{ events: number }>(
      'select coalesce(sum(event_count), 0)::bigint as events from outbox where published_at is null and owner is null',
    );
    return row?.events ?? 0;
  }

  /** Lets another relay begin at once. */
  async release(): Promise<void> {
    this.renewAt = 0;
    await this.options.sql.query('update relay_lease set expires_at = now() where name = $1 and holder = $2', [LEASE, this.options.holder]);
  }

  /** Forgets what was published more than 30 days ago; answers whether there may be more of it. */
  async prune(): Promise<boolean> {
    const gone = await this.options.sql.query(
      `delete from outbox where pos in (select pos from outbox where owner is null and published_at < now() - interval '30 days' order by pos limit $1) returning 1 as gone`,
      [PRUNED_AT_ONCE],
    );
    return gone.length === PRUNED_AT_ONCE;
  }

  /** Renewed when half of it is over, counted from before the asking: an idle relay writes once a second. */
  private async holdsLease(): Promise<boolean> {
    const asked = performance.now();
    if (asked < this.renewAt) return true;
    const [row] = await this.options.sql.query<{ epoch: number }>(TAKE_LEASE, [LEASE, this.options.holder, LEASE_MS]);
    if (!row) return false;
    this.epoch = row.epoch;
    this.renewAt = asked + LEASE_MS / 2;
    return true;
  }
}

/** The records of one outbox row. */
export function recordsOf(rowEvents: string): BusRecord[] {
  return rowEvents.split('\n').map((line) => ({ ...addressOf(line), line }));
}
