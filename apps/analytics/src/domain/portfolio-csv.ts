import { uuidOf } from '@libs/kernel/ids';

/** A portfolio as text: RFC 4180, one item a line, after a line of column names. Amounts are decimal, as people write them. */
const wanted = ['market_id', 'cost', 'currency', 'acquired_on'] as const;
/** What a text by hand may leave out. An item's id is an export's: by it, a line that is there already is known. */
const optional = ['note', 'sold_on', 'proceeds', 'id'] as const;
/** What an export says besides; an import passes over it. */
const told = ['product_id', 'size', 'source'] as const;

/** As many as a portfolio holds, so that an export comes in as one text. */
export const LINES_MAX = 2_000;
export const NOTE_MAX = 200;
/** Minor units of 12 digits: far beyond any price, well within what a number holds. */
const AMOUNT = /^(0|[1-9]\d{0,9})(?:\.(\d{1,2}))?$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

export interface SaleInText {
  readonly proceeds: number;
  readonly at: Date;
}

export interface ImportLine {
  /** As an editor counts. */
  readonly line: number;
  /** The item's id in the portfolio that it was exported from, if it was. */
  readonly itemId: string | undefined;
  readonly marketId: string;
  readonly cost: number;
  readonly currency: string;
  readonly acquiredAt: Date;
  readonly note: string;
  readonly sold: SaleInText | undefined;
}

export interface LineError {
  readonly line: number;
  readonly detail: string;
}

export interface Reading {
  readonly lines: readonly ImportLine[];
  readonly errors: readonly LineError[];
}

interface Row {
  readonly line: number;
  readonly fields: readonly string[];
}

export class Unreadable extends Error {
  override name = 'Unreadable';
}

/** Throws `Unreadable` when it is no table of ours at all; else each line is good, or named with what is wrong. */
export function readPortfolio(text: string): Reading {
  const [head, ...rows] = rowsOf(text.replace(/^\uFEFF/, ''));
  const names = head?.fields.map((name) => name.trim().toLowerCase()) ?? [];
  const missing = wanted.filter((name) => !names.includes(name));
  if (missing.length > 0) throw new Unreadable(`The first line names the columns; ${missing.join(', ')} is missing.`);
  if (rows.length > LINES_MAX) throw new Unreadable(`At most ${LINES_MAX} lines at once.`);
  const lines: ImportLine[] = [];
  const errors: LineError[] = [];
  for (const row of rows) {
    const read = readLine(row, names);
    if ('detail' in read) errors.push(read);
    else lines.push(read);
  }
  return { lines, errors };
}

function readLine({ line, fields }: Row, names: readonly string[]): ImportLine | LineError {
  const wrong = (detail: string): LineError => ({ line, detail });
  if (fields.length !== names.length) return wrong(`${names.length} fields are expected, ${fields.length} are there.`);
  const asWritten = (name: string) => fields[names.indexOf(name)] ?? '';
  const of = (name: string) => asWritten(name).trim();
  const [cost, acquiredAt, itemId] = [minorOf(of('cost')), dayOf(of('acquired_on')), of('id')];
  const note = unguarded(asWritten('note').replaceAll('\r\n', '\n'));
  if (cost === undefined) return wrong('cost is an amount such as 449.50.');
  if (of('currency') !== 'USD') return wrong('currency must be USD.');
  if (!acquiredAt) return wrong('acquired_on is a day such as 2026-01-31.');
  if (note.length > NOTE_MAX || /[\u0000-\u0009\u000b-\u001f\u007f]/.test(note)) return wrong(`note is a text of at most ${NOTE_MAX} characters.`);
  if (itemId !== '' && !uuidOf('pfi', itemId)) return wrong('id is an item\'s as an export writes it, or empty.');
  const sold = saleOf(of('sold_on'), of('proceeds'));
  if (typeof sold === 'string') return wrong(sold);
  return { line, itemId: itemId || undefined, marketId: of('market_id'), cost, currency: 'USD', acquiredAt, note, sold };
}

/** The sale that two columns tell of, none where both are empty, or what is wrong with them. */
function saleOf(soldOn: string, proceeds: string): SaleInText | string | undefined {
  if (soldOn === '' && proceeds === '') return undefined;
  if (soldOn === '' || proceeds === '') return 'sold_on and proceeds tell of a sale together.';
  const [at, minor] = [dayOf(soldOn), minorOf(proceeds)];
  if (!at) return 'sold_on is a day such as 2026-01-31.';
  return minor ? { at, proceeds: minor } : 'proceeds is an amount above 0, such as 449.50.';
}

function minorOf(text: string): number | undefined {
  const [, whole = '', part = ''] = AMOUNT.exec(text) ?? [];
  return whole === '' ? undefined : Number(whole) * 100 + Number(part.padEnd(2, '0'));
}

function dayOf(text: string): Date | undefined {
  if (!DAY.test(text)) return undefined;
  const day = new Date(`${text}T00:00:00Z`);
  // A day that the calendar does not have moves on to the next month.
  return Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== text ? undefined : day;
}

/** The table of fields; empty lines say nothing. */
function rowsOf(text: string): Row[] {
  const rows: Row[] = [];
  let [fields, field, line, begun]: [string[], string, number, number] = [[], '', 1, 1];
  let isQuoted = false;
  const endRow = () => {
    fields.push(field);
    if (fields.length > 1 || field.trim() !== '') rows.push({ line: begun, fields });
    [fields, field] = [[], ''];
  };
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\n') line += 1;
    if (isQuoted) {
      if (character !== '"') field += character;
      else if (text.charAt(at + 1) === '"') field += text.charAt(++at);
      else isQuoted = false;
    } else if (character === '"' && field === '') isQuoted = true;
    else if (character === ',') {
      fields.push(field);
      field = '';
    } else if (character === '\n') {
      endRow();
      begun = line;
    } else if (character !== '\r') field += character;
  }
  if (isQuoted) throw new Unreadable('A quotation mark is not closed.');
  endRow();
  return rows;
}

export interface ExportLine extends Omit<ImportLine, 'line' | 'itemId'> {
  readonly id: string;
  readonly productId: string;
  readonly size: string;
  readonly source: string;
}

export function writePortfolio(items: readonly ExportLine[]): string {
  const day = (at: Date | undefined) => at?.toISOString().slice(0, 10) ?? '';
  const lines = items.map((item) => [
    item.marketId, decimal(item.cost), item.currency, day(item.acquiredAt), guarded(item.note), day(item.sold?.at), item.sold ? decimal(item.sold.proceeds) : '', item.id,
    item.productId, item.size, item.source,
  ]);
  return [[...wanted, ...optional, ...told], ...lines].map((fields) => `${fields.map(quoted).join(',')}\r\n`).join('');
}

function decimal(minor: number): string {
  return `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** A spreadsheet would run a note that begins like a formula; the apostrophe keeps it a text. */
function guarded(note: string): string {
  return /^'*[=+\-@\t]/.test(note) ? `'${note}` : note;
}

function unguarded(note: string): string {
  return /^'+[=+\-@\t]/.test(note) ? note.slice(1) : note;
}
