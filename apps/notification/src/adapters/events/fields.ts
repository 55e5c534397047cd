import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import type { Delivery } from '@libs/events/on-event';
import { invariant } from '@libs/kernel/invariant';

/** Names an event for ever: what it causes is planned once. Nothing for one that is told anew: whoever it concerns has heard of it. */
export function sourceOf({ topic, key, kseq, isRetold }: Delivery): string | undefined {
  return isRetold ? undefined : `${topic}/${key}/${kseq}`;
}

export function dateOf(at: Timestamp | undefined): Date {
  invariant(at, 'an event lacks its instant');
  return timestampDate(at);
}

export function isoOf(at: Timestamp | undefined): string {
  return dateOf(at).toISOString();
}
