import { invariant } from './invariant';

/** The prefix of each public id: TypeID, `<prefix>_<26 characters of Crockford base32>` over a UUID version 7. */
export const idPrefixes = [
  'usr', 'adr', 'adv', 'ses', 'key', 'prd', 'mkt', 'bid', 'ask', 'mtc', 'ord', 'est', 'pm', 'pay', 'rfd', 'pyt', 'ins', 'evt', 'ntf', 'op', 'tsk', 'par', 'wls', 'alt', 'pfi', 'sav',
] as const;
export type IdPrefix = (typeof idPrefixes)[number];

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const HEX = '0123456789abcdef';
const NONE = 255;
const DASH = 45;
const UUID_LENGTH = 36;
const TEXT_LENGTH = 26;

/** Character codes to values and back: ids are turned around several times for each order, so both ways work on bytes. */
const valuesOf = (alphabet: string): Uint8Array => {
  const values = new Uint8Array(128).fill(NONE);
  for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i;
  return values;
};
const codesOf = (alphabet: string): Uint8Array => Uint8Array.from(alphabet, (character) => character.charCodeAt(0));
const [textValues, hexValues] = [valuesOf(ALPHABET), valuesOf(HEX)];
const [textCodes, hexCodes] = [codesOf(ALPHABET), codesOf(HEX)];
const valueAt = (values: Uint8Array, text: string, at: number): number => {
  const code = text.charCodeAt(at);
  return code < 128 ? (values[code] as number) : NONE;
};
/** Where the dashes of a uuid stand. */
const isDash = (at: number): boolean => at === 8 || at === 13 || at === 18 || at === 23;
const scratch = Buffer.alloc(UUID_LENGTH);

/** Ids are an input of whatever must be deterministic; the chassis gives services the random form. */
export abstract class Ids {
  /** A new UUID version 7 as a TypeID: later ids sort after earlier ones. */
  abstract next(prefix: IdPrefix): string;
}

/** The public form of a `uuid`, with its dashes or without: 128 bits as 26 characters of 5 bits, the first two bits zero. */
export function typeId(prefix: IdPrefix, uuid: string): string {
  const isDashed = uuid.length === UUID_LENGTH;
  invariant(isDashed || uuid.length === 32, `not a uuid: ${uuid}`);
  let bits = 0;
  let held = 2;
  let end = 0;
  for (let at = 0; at < uuid.length; at++) {
    if (isDashed && isDash(at)) continue;
    const value = valueAt(hexValues, uuid, at);
    invariant(value !== NONE, `not a uuid: ${uuid}`);
    bits = ((bits << 4) | value) & 0x1ff;
    held += 4;
    if (held < 5) continue;
    held -= 5;
    scratch[end++] = textCodes[(bits >> held) & 31] as number;
  }
  return `${prefix}_${scratch.toString('latin1', 0, TEXT_LENGTH)}`;
}

/** The database's form of a public id, or undefined when `id` is not a well-formed id with that prefix. */
export function uuidOf(prefix: IdPrefix, id: string): string | undefined {
  const start = prefix.length + 1;
  if (id.length !== start + TEXT_LENGTH || !id.startsWith(prefix) || id[prefix.length] !== '_') return undefined;
  // The first character holds the three highest bits: above 7 there would be more than 128 bits.
  if (valueAt(textValues, id, start) > 7) return undefined;
  let bits = 0;
  let held = -2;
  let end = 0;
  for (let at = start; at < id.length; at++) {
    const value = valueAt(textValues, id, at);
    if (value === NONE) return undefined;
    bits = ((bits << 5) | value) & 0x1ff;
    for (held += 5; held >= 4; ) {
      held -= 4;
      if (isDash(end)) scratch[end++] = DASH;
      scratch[end++] = hexCodes[(bits >> held) & 15] as number;
    }
  }
  return scratch.toString('latin1', 0, UUID_LENGTH);
}

/** For ids that our own services made: anything else is a bug. */
export function uuidOfOwn(prefix: IdPrefix, id: string): string {
  const uuid = uuidOf(prefix, id);
  invariant(uuid, `not a ${prefix} id: ${id}`);
  return uuid;
}
