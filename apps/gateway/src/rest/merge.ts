import { AppError } from '@libs/kernel/app-error';
import { InvalidInput } from '../door/problem';

/** Items of a list, newest first. */
export interface Part<T> {
  readonly items: readonly T[];
  /** Whether there are others behind these. */
  readonly hasMore: boolean;
  /** Whose items are missing, because they do not answer at the moment. */
  readonly missing: readonly string[];
}

/** One of several lists that are shown as one. */
export interface Source<T> {
  readonly name: string;
  /** What is behind the cursor, `limit` at most. */
  fetch(limit: number, cursor: string): Promise<Part<T>>;
  cursorOf(item: T): string;
  /** The items' order: an instant as text. */
  at(item: T): string;
}

export interface Merged<T> {
  readonly data: T[];
  readonly nextCursor: string;
  readonly missing: string[];
}

/** A page over all sources. The cursor says how far each of them has been shown. */
export async function mergedPage<T>(sources: readonly Source<T>[], { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined }): Promise<Merged<T>> {
  const reached = readCursor(cursor);
  const parts = await Promise.all(
    sources.map(async (source) => {
      const { items, hasMore, missing } = await orMissing(source.name, source.fetch(limit, reached[source.name] ?? ''));
      return { missing, hasMore, entries: items.map((item) => ({ source, item, at: source.at(item) })) };
    }),
  );
  const sorted = parts.flatMap(({ entries }) => entries).sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  const shown = sorted.slice(0, limit);
  for (const { source, item } of shown) reached[source.name] = source.cursorOf(item);
  const hasMore = sorted.length > limit || parts.some((part) => part.hasMore);
  return { data: shown.map(({ item }) => item), nextCursor: hasMore ? writeCursor(reached) : '', missing: parts.flatMap(({ missing }) => [...missing]) };
}

/** Who cannot be reached is named, and keeps nobody else's items from being shown. */
export async function orMissing<T>(name: string, part: Promise<Part<T>>): Promise<Part<T>> {
  return part.catch((error: unknown) => {
    if (!(error instanceof AppError) || error.kind !== 'unavailable') throw error;
    return { items: [], hasMore: false, missing: [name] };
  });
}

function writeCursor(reached: Readonly<Record<string, string>>): string {
  return Buffer.from(JSON.stringify(reached)).toString('base64url');
}

function readCursor(cursor: string | undefined): Record<string, string> {
  if (cursor === undefined) return {};
  try {
    const read: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (typeof read === 'object' && read !== null && Object.values(read).every((part) => typeof part === 'string')) return { ...read };
  } catch {
    // Said below.
  }
  throw new InvalidInput([{ pointer: '/query/cursor', detail: 'This is not a cursor of ours.' }]);
}
