import { cursorInvalid } from './errors';
import { type FormName, forms, type PagePlace, type SearchQuery } from './search-query';

/** Where the next page begins, as clients carry it: of this very search and no other. */
export function cursorOf(query: SearchQuery, { form, isCorrected, values }: PagePlace): string {
  return Buffer.from(JSON.stringify([form, isCorrected ? 1 : 0, fingerprint(query), ...values])).toString('base64url');
}

export function placeOf(query: SearchQuery, cursor: string): PagePlace {
  const parts = partsOf(cursor);
  const [form, corrected, mark, ...values] = parts;
  const isPlace = isForm(form) && (corrected === 0 || corrected === 1) && values.length > 0 && values.length <= 4 && values.every((value) => value === null || typeof value === 'string' || Number.isFinite(value));
  if (!isPlace || mark !== fingerprint(query)) throw cursorInvalid();
  return { form, isCorrected: corrected === 1, values: values as (number | string | null)[] }; // Checked just above.
}

function partsOf(cursor: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(parts)) return parts;
  } catch {
    // Not even JSON.
  }
  throw cursorInvalid();
}

function isForm(value: unknown): value is FormName {
  return (forms as readonly unknown[]).includes(value);
}

/** FNV-1a over what was asked for, the size of the page aside. */
function fingerprint({ text, filter, sort }: SearchQuery): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(JSON.stringify([text, filter, sort]), 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
