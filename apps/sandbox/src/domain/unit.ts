import type { CollectionName, Collections, Due } from './keeping';
import { missingResource } from './refusal';
import type { Change, World } from './world';

export interface Circumstances {
  /** Business time, in ms. */
  readonly nowMs: number;
  readonly wallMs: number;
  /** The account on whose behalf the call is made: the platform, or a connected account. */
  readonly account: string;
  readonly newId: (prefix: string) => string;
  readonly requestId: string | null;
  readonly idempotencyKey: string | null;
  /** How often the announcements of this unit are sent, and how long (business time) they are held back. */
  readonly webhooks: { readonly copies: number; readonly heldMs: number | null };
}

/** One thing that happens, whole or not at all: its changes are seen at once by itself and undone when it is refused. */
export class Unit {
  private readonly before: Change[] = [];
  private readonly changed = new Map<string, Change>();

  constructor(
    readonly world: World,
    readonly on: Circumstances,
  ) {}

  /** Business time in whole seconds, as the provider stamps its objects. */
  get now(): number {
    return Math.floor(this.on.nowMs / 1000);
  }

  id(prefix: string): string {
    return this.on.newId(prefix);
  }

  get<C extends CollectionName>(collection: C, id: string): Collections[C] | undefined {
    return this.world.get(collection, id);
  }

  /** A row that the caller must own; another account's is as missing as one that never was. */
  must<C extends OwnedCollection>(collection: C, id: string, param = 'id'): Collections[C] {
    const row = this.world.get(collection, id);
    if (row === undefined || row._sandbox.account !== this.on.account) throw missingResource(names[collection], id, param);
    return row;
  }

  put<C extends CollectionName>(collection: C, row: Collections[C]): Collections[C] {
    this.change([collection, row], row.id);
    return row;
  }

  remove(collection: CollectionName, id: string): void {
    this.change([collection, null, id], id);
  }

  schedule(due: Omit<Due, 'id'>): void {
    this.put('dues', { id: this.id('due'), ...due });
  }

  get changes(): readonly Change[] {
    return [...this.changed.values()];
  }

  undo(): void {
    for (const change of this.before.reverse()) this.world.apply(change);
    this.changed.clear();
  }

  private change(change: Change, id: string): void {
    const row = this.world.get(change[0], id);
    this.before.push(row === undefined ? [change[0], null, id] : [change[0], row]);
    this.changed.set(`${change[0]}/${id}`, change);
    this.world.apply(change);
  }
}

const names = {
  customers: 'customer', payment_methods: 'PaymentMethod', setup_intents: 'setupintent', payment_intents: 'payment_intent', charges: 'charge', refunds: 'refund',
  accounts: 'account', bank_accounts: 'external account', transfers: 'transfer', transfer_reversals: 'transfer reversal', payouts: 'payout',
  balance_transactions: 'balance transaction', disputes: 'dispute', webhook_endpoints: 'webhook endpoint',
} as const;
export type OwnedCollection = keyof typeof names;
