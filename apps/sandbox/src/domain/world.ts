import type { CollectionName, Collections } from './keeping';

type Row = { readonly id: string };
/** A row as it now stands, or `null` and the id of a row that is gone. */
export type Change = readonly [collection: CollectionName, row: Row] | readonly [collection: CollectionName, row: null, id: string];

/** By which fields a collection is looked up; everything else is read by id or in full. */
const indexed: Partial<Record<CollectionName, readonly string[]>> = {
  payment_methods: ['customer'],
  setup_intents: ['customer'],
  payment_intents: ['customer', 'transfer_group'],
  charges: ['payment_intent', 'transfer_group', 'customer'],
  refunds: ['payment_intent', 'charge'],
  bank_accounts: ['account'],
  transfers: ['transfer_group', 'destination'],
  transfer_reversals: ['transfer'],
  disputes: ['charge', 'payment_intent'],
  balance_transactions: ['source'],
  deliveries: ['endpoint', 'announcement'],
  messages: ['reference', 'to'],
};

class Table {
  readonly rows = new Map<string, Row>();
  private readonly indexes = new Map<string, Map<unknown, Set<string>>>();

  constructor(fields: readonly string[]) {
    for (const field of fields) this.indexes.set(field, new Map());
  }

  set(id: string, row: Row | undefined): void {
    const before = this.rows.get(id);
    for (const [field, index] of this.indexes) {
      const [was, is] = [valueOf(before, field), valueOf(row, field)];
      if (was === is && before !== undefined && row !== undefined) continue;
      if (before !== undefined) this.unlist(index, was, id);
      if (row !== undefined) index.get(is)?.add(id) ?? index.set(is, new Set([id]));
    }
    if (row === undefined) this.rows.delete(id);
    else this.rows.set(id, row);
  }

  idsWhere(field: string, value: unknown): Iterable<string> | undefined {
    const index = this.indexes.get(field);
    return index && (index.get(value) ?? []);
  }

  private unlist(index: Map<unknown, Set<string>>, value: unknown, id: string): void {
    const ids = index.get(value);
    ids?.delete(id);
    if (ids?.size === 0) index.delete(value);
  }
}

/** Everything the sandbox knows, in memory; the journal holds the same, change by change. */
export class World {
  private readonly tables = new Map<CollectionName, Table>();

  get<C extends CollectionName>(collection: C, id: string): Collections[C] | undefined {
    // A table holds only rows that were put under its own name, which `put` types.
    return this.table(collection).rows.get(id) as Collections[C] | undefined;
  }

  all<C extends CollectionName>(collection: C): Collections[C][] {
    return [...this.each(collection)];
  }

  /** The rows in the order in which they were first put. */
  each<C extends CollectionName>(collection: C): Iterable<Collections[C]> {
    return this.table(collection).rows.values() as Iterable<Collections[C]>;
  }

  where<C extends CollectionName>(collection: C, field: keyof Collections[C] & string, value: unknown): Collections[C][] {
    const ids = this.table(collection).idsWhere(field, value);
    if (ids === undefined) return this.all(collection).filter((row) => row[field] === value);
    return [...ids].flatMap((id) => this.get(collection, id) ?? []);
  }

  count(collection: CollectionName): number {
    return this.table(collection).rows.size;
  }

  apply(change: Change): void {
    const [collection, row, id] = change;
    if (row === null) this.table(collection).set(id, undefined);
    else this.table(collection).set(row.id, row);
  }

  private table(collection: CollectionName): Table {
    let table = this.tables.get(collection);
    if (table === undefined) this.tables.set(collection, (table = new Table(indexed[collection] ?? [])));
    return table;
  }
}

function valueOf(row: Row | undefined, field: string): unknown {
  return row === undefined ? undefined : (row as unknown as Record<string, unknown>)[field];
}
