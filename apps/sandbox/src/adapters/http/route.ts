import type { z } from 'zod';
import type { Collections } from '../../domain/keeping';
import { present, presentTransaction } from '../../domain/present';
import { badRequest } from '../../domain/refusal';
import type { OwnedCollection, Unit } from '../../domain/unit';
import type { Form } from './form';
import { parse, type Page } from './params';

export type Shown = Readonly<Record<string, unknown>>;
export interface Answer {
  readonly status: number;
  readonly body: Shown;
}
export interface Call<P> {
  readonly unit: Unit;
  readonly params: P;
  /** The first and the second id in the path. */
  readonly id: string;
  readonly innerId: string;
}
export interface Route {
  readonly method: string;
  readonly path: string;
  /** A buyer's client may call it with the publishable key and the object's client secret. */
  readonly isPublic: boolean;
  readonly run: (call: Call<Form>) => Answer;
}

export function route<S extends z.ZodType>(spec: {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  params: S;
  isPublic?: true;
  run: (call: Call<z.output<S>>) => Answer;
}): Route {
  return { method: spec.method, path: spec.path, isPublic: spec.isPublic ?? false, run: (call) => spec.run({ ...call, params: parse(spec.params, call.params) }) };
}

export function findRoute(routes: readonly Route[], method: string, path: string): { route: Route; ids: string[] } | undefined {
  const parts = path.split('/');
  for (const one of routes) {
    if (one.method !== method) continue;
    const wanted = one.path.split('/');
    if (wanted.length !== parts.length) continue;
    if (!wanted.every((part, at) => part.startsWith(':') || part === parts[at])) continue;
    return { route: one, ids: wanted.flatMap((part, at) => (part.startsWith(':') ? [decodeURIComponent(parts[at] ?? '')] : [])) };
  }
  return undefined;
}

type Row = { readonly object: string; readonly id: string; readonly created: number };

export function show(unit: Unit, row: { readonly object: string; readonly id: string }): Shown {
  return (row.object === 'balance_transaction' ? presentTransaction(unit.world, row.id, unit.now) : undefined) ?? present(unit.world, row);
}

export function ok(unit: Unit, row: Row): Answer {
  return { status: 200, body: show(unit, row) };
}

export function plain(body: Shown): Answer {
  return { status: 200, body };
}

/** A page of rows, the newest first; `rows` come in the order in which they were made. */
export function page<R extends Row>(call: Call<Page>, url: string, rows: readonly R[]): Answer {
  const { limit = 10, starting_after: after, ending_before: before, created } = call.params;
  const wanted = rows.filter((row) => isWithin(row.created, created)).reverse();
  const from = after === undefined ? 0 : position(wanted, after, 'starting_after') + 1;
  const to = before === undefined ? wanted.length : position(wanted, before, 'ending_before');
  const start = before === undefined ? from : Math.max(0, to - limit);
  const data = wanted.slice(start, Math.min(start + limit, to));
  const has_more = before === undefined ? start + limit < to : start > 0;
  return plain({ object: 'list', url, has_more, data: data.map((row) => show(call.unit, row)) });
}

/** The caller's own rows that have every field that is asked for; the first one asked for is looked up, the others are filtered. */
export function ownRows<C extends OwnedCollection>({ unit }: { unit: Unit }, collection: C, wanted: Shown = {}): Collections[C][] {
  const asked = Object.entries(wanted).filter(([, value]) => value !== undefined);
  const [first] = asked;
  // The fields are named by the routes, after the rows' own.
  const rows = first === undefined ? unit.world.all(collection) : unit.world.where(collection, first[0] as keyof Collections[C] & string, first[1]);
  return rows.filter((row) => row._sandbox.account === unit.on.account && asked.every(([field, value]) => (row as unknown as Shown)[field] === value));
}

function isWithin(at: number, wanted: Page['created']): boolean {
  if (wanted === undefined) return true;
  if (typeof wanted === 'number') return at === wanted;
  const { gt = -1, gte = 0, lt = Infinity, lte = Infinity } = wanted;
  return at > gt && at >= gte && at < lt && at <= lte;
}

function position(rows: readonly Row[], id: string, param: string): number {
  const at = rows.findIndex((row) => row.id === id);
  if (at < 0) throw badRequest(`No such object: '${id}'`, { code: 'resource_missing', param });
  return at;
}
