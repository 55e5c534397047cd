import { badRequest } from '../../domain/refusal';
import type { OwnedCollection, Unit } from '../../domain/unit';
import { show, type Shown } from './route';

const MAX_DEPTH = 4;
const collectionOf: Readonly<Record<string, OwnedCollection>> = {
  cus: 'customers', pm: 'payment_methods', seti: 'setup_intents', pi: 'payment_intents', ch: 'charges', py: 'charges', re: 'refunds', acct: 'accounts',
  ba: 'bank_accounts', tr: 'transfers', trr: 'transfer_reversals', po: 'payouts', txn: 'balance_transactions', du: 'disputes',
};

/** Puts the objects themselves in the place of the ids that the caller names, as `latest_charge.balance_transaction` or `data.source`. */
export function expandBody(unit: Unit, body: Shown, paths: readonly string[]): Shown {
  return paths.reduce<Shown>((expanded, path) => {
    const parts = path.split('.');
    if (parts.length > MAX_DEPTH) throw badRequest(`You cannot expand more than ${MAX_DEPTH} levels of a property. Property: ${path}`);
    return expandPath(unit, expanded, parts, path);
  }, body);
}

function expandPath(unit: Unit, body: Shown, parts: readonly string[], whole: string): Shown {
  const [part, ...rest] = parts;
  if (part === undefined) return body;
  const value = body[part];
  if (value === null) return body;
  if (Array.isArray(value)) return { ...body, [part]: value.map((one: unknown) => (isShown(one) ? expandPath(unit, one, rest, whole) : one)) };
  const found = typeof value === 'string' ? lookUp(unit, value) : isShown(value) ? value : undefined;
  if (found === undefined) throw badRequest(`This property cannot be expanded (${part}). Property: ${whole}`, { param: 'expand' });
  return { ...body, [part]: expandPath(unit, found, rest, whole) };
}

function lookUp(unit: Unit, id: string): Shown | undefined {
  const prefix = id.slice(0, id.indexOf('_'));
  const collection = Object.hasOwn(collectionOf, prefix) ? collectionOf[prefix] : undefined;
  const row = collection === undefined ? undefined : unit.get(collection, id);
  return row && show(unit, row);
}

function isShown(value: unknown): value is Shown {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
