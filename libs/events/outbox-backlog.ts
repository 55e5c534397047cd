import type { Sql } from '@libs/postgres/sql';

/** What is committed and not on the bus: rows of the service's own relay, and of each writer that keeps a watermark. */
export interface OutboxBacklog {
  readonly events: number;
  readonly oldestSeconds: number;
}

const BACKLOG = `
  with waiting as (
    select event_count, created_at from outbox where published_at is null and owner is null
    union all
    select o.event_count, o.created_at from outbox_watermark w join outbox o on o.owner = w.owner and o.pos > w.pos)
  select coalesce(sum(event_count), 0)::bigint as events, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as seconds from waiting`;

export async function outboxBacklog(sql: Sql): Promise<OutboxBacklog> {
  const [row] = await sql.query<{ events: number; seconds: number }>(BACKLOG);
  return { events: row?.events ?? 0, oldestSeconds: row?.seconds ?? 0 };
}
