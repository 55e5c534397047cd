import { invariant } from '@libs/kernel/invariant';

export type ColumnKind = 'int4' | 'int8' | 'text' | 'timestamptz' | 'uuid' | 'bytea' | 'bool';

export interface RowType {
  readonly oid: number;
  readonly columns: readonly { readonly oid: number; readonly kind: string }[];
}

const UUID_OID = 2950;
const TEXT_OID = 25;
const LONE_SURROGATE = /\p{Surrogate}/u;
const POSTGRES_EPOCH_MS = 946_684_800_000;
/** More than any row takes beside its texts and bytes, which ask for more. */
const ROW_ROOM = 2_048;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const VALUES = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

/**
 * Arrays of rows in PostgreSQL's binary form, which `pg` sends as they are. All arrays of a call share one buffer, and the next call
 * writes over it: never encode before the previous call has returned.
 */
export class RecordWriter {
  private buffer = Buffer.allocUnsafeSlow(1 << 16);
  private end = 0;
  private rowStart = 0;
  private column = 0;
  private type: RowType = { oid: 0, columns: [] };

  reset(): void {
    this.end = 0;
  }

  /** Answers where the array is; cut it out when everything is written, since growing moves the buffer. */
  array<T>(type: RowType, rows: Iterable<T>, count: number, write: (row: T) => void): [number, number] {
    const from = this.header(type.oid, count);
    this.type = type;
    for (const row of rows) {
      this.room(ROW_ROOM);
      this.rowStart = this.end;
      this.end += 4;
      this.word(type.columns.length);
      this.column = 0;
      write(row);
      invariant(this.column === type.columns.length, `a row of ${type.columns.length} columns has ${this.column}`);
      this.buffer.writeInt32BE(this.end - this.rowStart - 4, this.rowStart);
    }
    return [from, this.end];
  }

  uuids(ids: Iterable<string>, count: number): [number, number] {
    const from = this.header(UUID_OID, count);
    for (const id of ids) {
      this.room(20);
      this.uuidBytes(id);
    }
    return [from, this.end];
  }

  texts(texts: Iterable<string>, count: number): [number, number] {
    const from = this.header(TEXT_OID, count);
    for (const text of texts) this.textBytes(text);
    return [from, this.end];
  }

  cut([from, to]: readonly [number, number]): Buffer {
    return this.buffer.subarray(from, to);
  }

  /** A public id of ours, as the 16 bytes that it stands for. */
  uuid(id: string | null): void {
    this.next();
    if (id === null) this.word(-1);
    else this.uuidBytes(id);
  }

  int4(n: number): void {
    this.next();
    this.word(4);
    this.word(n);
  }

  int8(n: number | null): void {
    this.next();
    if (n === null) this.word(-1);
    else this.long(n);
  }

  time(ms: number | null): void {
    this.next();
    if (ms === null) this.word(-1);
    else this.long((ms - POSTGRES_EPOCH_MS) * 1000);
  }

  bool(value: boolean): void {
    this.next();
    this.word(1);
    this.buffer[this.end++] = value ? 1 : 0;
  }

  /** One of our own words, such as a status. */
  ascii(word: string | null): void {
    this.next();
    if (word === null) return this.word(-1);
    this.word(word.length);
    this.end += this.buffer.write(word, this.end, 'latin1');
  }

  /** `Buffer.write` would turn a lone surrogate into another character, and two keys into one. */
  text(text: string): void {
    this.next();
    this.textBytes(text);
  }

  private textBytes(text: string): void {
    invariant(!LONE_SURROGATE.test(text), 'a text with a lone surrogate');
    this.room(text.length * 3 + ROW_ROOM);
    const length = this.buffer.write(text, this.end + 4);
    this.word(length);
    this.end += length;
  }

  bytes(bytes: Uint8Array): void {
    this.next();
    this.room(bytes.length + ROW_ROOM);
    this.word(bytes.length);
    this.buffer.set(bytes, this.end);
    this.end += bytes.length;
  }

  private next(): void {
    const column = this.type.columns[this.column++];
    invariant(column, 'more values than the row type has columns');
    this.word(column.oid);
  }

  private header(oid: number, count: number): number {
    this.room(20);
    const from = this.end;
    this.word(count === 0 ? 0 : 1);
    this.word(0);
    this.word(oid);
    if (count > 0) {
      this.word(count);
      this.word(1);
    }
    return from;
  }

  private uuidBytes(id: string): void {
    this.word(16);
    const start = id.length - 26;
    invariant(start > 1 && id.charCodeAt(start - 1) === 95, `not an id of ours: ${id}`);
    let bits = 0;
    let held = -2; // 130 bits of text for 128 of uuid: two leading zeros.
    let bad = 0;
    for (let i = start; i < id.length; i++) {
      const value = VALUES[id.charCodeAt(i) & 127] as number;
      bad |= value;
      bits = (bits << 5) | value;
      held += 5;
      if (held >= 8) {
        held -= 8;
        this.buffer[this.end++] = bits >> held;
        bits &= (1 << held) - 1;
      }
    }
    invariant(bad >= 0, `not an id of ours: ${id}`);
  }

  private long(n: number): void {
    invariant(Number.isSafeInteger(n), `not a safe integer: ${n}`);
    const high = Math.floor(n / 0x1_0000_0000);
    this.word(8);
    this.word(high);
    this.end = this.buffer.writeUInt32BE(n - high * 0x1_0000_0000, this.end);
  }

  private word(n: number): void {
    this.end = this.buffer.writeInt32BE(n, this.end);
  }

  private room(bytes: number): void {
    if (this.end + bytes <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.end + bytes));
    this.buffer.copy(grown, 0, 0, this.end);
    this.buffer = grown;
  }
}
