import { invariant } from './invariant';

/** The prefix of each public id: TypeID, `<prefix>_<26 characters of Crockford base32>` over a UUID version 7. */
export const idPrefixes = [
  'usr', 'adr', 'adv', 'ses', 'key', 'prd', 'mkt', 'bid', 'ask', 'mtc', 'ord', 'est', 'pm', 'pay', 'rfd', 'pyt', 'ins', 'evt', 'op', 'tsk', 'par',
] as const;
export type IdPrefix = (typeof idPrefixes)[number];

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const HEX = '0123456789abcdef';
const VALUES = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

/** Ids are an input of whatever must be deterministic; the chassis gives services the random form. */
export abstract class Ids {
  /** A new UUID version 7 as a TypeID: later ids sort after earlier ones. */
  abstract next(prefix: IdPrefix): string;
}

/** The public form of a database `uuid`. */
export function typeId(prefix: IdPrefix, uuid: string): string {
  const hex = uuid.replaceAll('-', '');
  invariant(/^[0-9a-f]{32}$/.test(hex), `not a uuid: ${uuid}`);
  let bits = 0;
  let held = 2; // 130 bits of text for 128 of uuid: two leading zeros.
  let text = '';
  for (let i = 0; i < 32; i++) {
    bits = ((bits << 4) | HEX.indexOf(hex[i] as string)) & 0x1ff;
    held += 4;
    if (held >= 5) {
      held -= 5;
      text += ALPHABET[(bits >> held) & 31];
    }
  }
  return `${prefix}_${text}`;
}

/** The database's form of a public id, or undefined when `id` is not a well-formed id with that prefix. */
export function uuidOf(prefix: IdPrefix, id: string): string | undefined {
  if (id.length !== prefix.length + 27 || !id.startsWith(prefix) || id[prefix.length] !== '_') return undefined;
  let bits = 0;
  let held = -2;
  let hex = '';
  for (let i = prefix.length + 1; i < id.length; i++) {
    const code = id.charCodeAt(i);
    const value = code < 128 ? (VALUES[code] as number) : -1;
    if (value < 0 || (hex === '' && held === -2 && value > 7)) return undefined;
    bits = ((bits << 5) | value) & 0x1ff;
    held += 5;
    while (held >= 4) {
      held -= 4;
      hex += HEX[(bits >> held) & 15];
    }
  }
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** For ids that our own services made: anything else is a bug. */
export function uuidOfOwn(prefix: IdPrefix, id: string): string {
  const uuid = uuidOf(prefix, id);
  invariant(uuid, `not a ${prefix} id: ${id}`);
  return uuid;
}
