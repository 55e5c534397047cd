import { randomUUID } from 'node:crypto';
import { partitionOf } from '@libs/events/bus';
import { until } from './side';

export const user = () => `usr_${randomUUID()}`;
export const record = (key: string, n: number) => ({ topic: 'users' as const, key, line: JSON.stringify(['users', key, n, 'user.suspended', { userId: key, reason: `r${n}` }, { id: `evt_${n}`, at: '2026-11-20T12:00:00Z' }]) });

/** The log stamps by the millisecond. */
export async function untilTheNextMoment(): Promise<Date> {
  const begun = Date.now();
  await until(async () => Date.now() > begun + 1);
  return new Date();
}

export function sharingPartition(key: string): string {
  for (;;) {
    const other = user();
    if (partitionOf(other) === partitionOf(key)) return other;
  }
}
