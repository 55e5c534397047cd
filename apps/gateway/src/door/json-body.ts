import { type FieldError, InvalidInput } from './problem';

export const BODY_MAX_BYTES = 64 * 1024;
export const RAW_BODY_MAX_BYTES = 256 * 1024;
const DEPTH_MAX = 10;
const ARRAY_MAX = 100;
/** `__proto__` and its kin name no field of ours, and must not reach code that copies keys. */
const REFUSED_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** Half of a character, which JSON can write with an escape: no database keeps it as it came. */
const LONE_SURROGATE = /\p{Surrogate}/u;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The value that a body says, or a refusal that names the place. Nothing is coerced and nothing is dropped. */
export function parseBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  const value = parseJson(decode(bytes));
  const error = firstOffence(value, '', 1);
  if (error) throw new InvalidInput([error]);
  return value;
}

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new InvalidInput([{ pointer: '', detail: 'The body is not valid UTF-8.' }], 'gateway.invalid_utf8');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidInput([{ pointer: '', detail: 'The body is not valid JSON.' }], 'gateway.invalid_json');
  }
}

function firstOffence(value: unknown, pointer: string, depth: number): FieldError | undefined {
  if (typeof value === 'string' && LONE_SURROGATE.test(value)) return { pointer, detail: 'This is not valid Unicode.' };
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > DEPTH_MAX) return { pointer, detail: `Bodies are nested at most ${DEPTH_MAX} deep.` };
  return Array.isArray(value) ? offenceInList(value, pointer, depth) : offenceInFields(value, pointer, depth);
}

function offenceInList(list: readonly unknown[], pointer: string, depth: number): FieldError | undefined {
  if (list.length > ARRAY_MAX) return { pointer, detail: `Lists hold at most ${ARRAY_MAX} items.` };
  for (let i = 0; i < list.length; i++) {
    const error = firstOffence(list[i], `${pointer}/${i}`, depth + 1);
    if (error) return error;
  }
  return undefined;
}

function offenceInFields(fields: object, pointer: string, depth: number): FieldError | undefined {
  for (const [name, value] of Object.entries(fields)) {
    const at = `${pointer}/${pointerToken(name)}`;
    if (REFUSED_KEYS.has(name)) return { pointer: at, detail: 'There is no such field.' };
    const error = firstOffence(value, at, depth + 1);
    if (error) return error;
  }
  return undefined;
}

/** RFC 6901. Cut, since the name is the sender's. */
export function pointerToken(name: string): string {
  return name.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');
}
