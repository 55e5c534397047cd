/**
 * Who holds a lease, as SQL: the connections of one process share an `application_name` that no other has, and the server ends them
 * when the process is gone. So what a dead process has taken is free at once, and what a living one has taken stays its own.
 */
export const thisProcess = `current_setting('application_name')`;

/** `holder`: the column that `thisProcess` was written to. True when nothing was. */
export function isGone(holder: string): string {
  return `not exists (select from pg_stat_activity a where a.datname = current_database() and a.application_name = ${holder})`;
}
