import type { Transaction } from '@libs/postgres/transaction';
import type { Check, Inspection, Opinion, Outcome, State } from '../domain/inspection';

export interface NewInspection {
  readonly id: string;
  readonly orderId: string;
  readonly productId: string;
  readonly size: string;
  readonly buyerId: string;
  readonly sellerId: string;
}

export interface InspectionFilter {
  /** A public state; everything that is open without one. */
  readonly state?: string;
  /** Not the trades of this user. */
  readonly notOf: string;
  readonly limit: number;
  readonly after?: string;
}

/** The floor as its operator sees it; counts are since the beginning. */
export interface FloorFigures {
  readonly tasks: Readonly<Partial<Record<State, number>>>;
  readonly oldestSeconds: number;
  readonly decisions: Readonly<Record<string, number>>;
  readonly breaches: number;
  readonly disagreements: number;
}

export abstract class Floor {
  abstract figures(now: Date): Promise<FloorFigures>;
}

export abstract class Inspections {
  /** Once for each order; answers the id of the one that there is. */
  abstract open(tx: Transaction, inspection: NewInspection, at: Date): Promise<string>;
  abstract find(id: string): Promise<Inspection | undefined>;
  abstract page(filter: InspectionFilter): Promise<Inspection[]>;
  /** Under its row lock, until the end of `tx`. */
  abstract lock(tx: Transaction, id: string): Promise<Inspection | undefined>;
  abstract lockOfOrder(tx: Transaction, orderId: string): Promise<Inspection | undefined>;
  /** The pair that has waited longest for this authenticator; passes over what others are just taking. */
  abstract lockNextFree(tx: Transaction, userId: string): Promise<Inspection | undefined>;
  abstract receive(tx: Transaction, id: string, at: Date, dueAt: Date): Promise<void>;
  abstract cancel(tx: Transaction, id: string): Promise<void>;
  /** For a lease of ten minutes from now, by the database's clock. */
  abstract claim(tx: Transaction, id: string, userId: string): Promise<void>;
  abstract release(tx: Transaction, id: string): Promise<void>;
  abstract check(tx: Transaction, id: string, check: Check, by: { readonly userId: string; readonly at: Date }): Promise<void>;
  /** Keeps the opinion, what it came to, and the verdict, which is written once. */
  abstract judge(tx: Transaction, id: string, opinion: Opinion & { readonly note: string; readonly at: Date }, outcome: Outcome): Promise<void>;
}

/** Which order a parcel is of. */
export abstract class Parcels {
  /** As a person gave it: unless it is known already. */
  abstract note(tx: Transaction, tracking: string, orderId: string): Promise<void>;
  /** A label's number is the label's, whoever gave it before for another parcel. */
  abstract noteLabel(tx: Transaction, tracking: string, orderId: string): Promise<void>;
  abstract orderOf(tx: Transaction, tracking: string): Promise<string | undefined>;
}

export interface StrayParcel {
  readonly id: string;
  readonly tracking: string;
  readonly orderId: string;
  readonly note: string;
  readonly receivedAt: Date;
  readonly resolvedAt?: Date;
  readonly resolution: string;
}

/** Parcels that belong to no live order: an admin says what becomes of each. */
export abstract class StrayParcels {
  /** Answers the open one when it was scanned before. */
  abstract open(tx: Transaction, parcel: Omit<StrayParcel, 'resolvedAt' | 'resolution'>): Promise<StrayParcel>;
  /** Newest first. */
  abstract page(filter: { includeResolved: boolean; limit: number; before?: string }): Promise<StrayParcel[]>;
  abstract find(tx: Transaction, id: string): Promise<StrayParcel | undefined>;
  abstract resolve(tx: Transaction, id: string, resolution: string, by: { readonly userId: string; readonly at: Date }): Promise<void>;
}
