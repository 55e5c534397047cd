import { hash } from 'node:crypto';

const LENGTH_MAX = 255;

/** A key that the provider takes, however long the user's own is that it was made of. */
export function providerKey(key: string): string {
  return key.length <= LENGTH_MAX ? key : hash('sha256', key);
}
