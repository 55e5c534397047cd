import type { Transaction } from '@libs/postgres/transaction';
import { keyReused } from '../domain/errors';
import type { History, RequestKey } from './ports';

/** None when the caller gives no key. */
export function requestKey(key: string, body: readonly (string | boolean)[]): RequestKey | undefined {
  return key === '' ? undefined : { key, body: JSON.stringify(body) };
}

/** The same key for the same request was answered before; for another one it is a mistake. */
export async function isReplay(history: History, tx: Transaction, actorId: string, request: RequestKey | undefined): Promise<boolean> {
  const isSameBody = request && (await history.findKey(tx, actorId, request));
  if (isSameBody === false) throw keyReused();
  return isSameBody === true;
}
