import type { Headers } from '../door/route';

/** Says in the answer's headers that the key was answered before. */
export function tellReplay(headers: Headers, { replayed }: { readonly replayed: boolean }): void {
  if (replayed) headers.header('Idempotent-Replayed', 'true');
}
