import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const KEY_BYTES = 32;
const HEX = /^[0-9a-f]{64}$/;

/**
 * The text of this file, which is made when there is none: whole or not at all, and readable by its owner alone. A link is made or it
 * is not, so of two processes that start at once both end up with the file of the first.
 */
export function readOrMake(path: string, make: () => string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  writeFileSync(draft, make(), { mode: 0o600, flush: true });
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(path, 'utf8');
}

/** The key of 32 bytes in this file, as hexadecimal digits or as base64; a new one when there is no such file. */
export function keyIn(path: string): Buffer {
  const text = readOrMake(path, () => `${randomBytes(KEY_BYTES).toString('hex')}\n`).trim();
  const key = Buffer.from(text, HEX.test(text) ? 'hex' : 'base64');
  if (key.length !== KEY_BYTES) throw new Error(`${path} does not hold a key of ${KEY_BYTES} bytes`);
  return key;
}

function hasCode(error: unknown, code: string): boolean {
  return (error as { code?: unknown }).code === code;
}
