import type { Sql } from '@libs/postgres/sql';

/** In the same order, under the same numbers. Rows of an owner are kept for ever: of them, those that the log would still hold. */
const AGAIN = [
  'update outbox set published_at = null where owner is null',
  `update outbox_watermark w
      set pos = o.first - 1
     from (select owner, min(pos) as first from outbox where owner is not null and created_at > now() - interval '30 days' group by owner) o
    where o.owner = w.owner`,
];

/** What the outbox still holds goes out once more: for a log that begins anew. Consumers drop what they have seen. No relay may run meanwhile. */
export async function announceAgain(sql: Sql): Promise<void> {
  for (const statement of AGAIN) await sql.query(statement);
}
