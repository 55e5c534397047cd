import { addBusinessDays, type Holidays } from '@libs/kernel/business-days';

/** Where an inspection stands. A claim is not a state: it is a lease that may lapse at any moment. */
export const states = ['awaiting_parcel', 'queued', 'awaiting_review', 'disagreement', 'completed', 'cancelled'] as const;
export type State = (typeof states)[number];
export type Verdict = 'pass' | 'fail';

export const checkKinds = ['box', 'authenticity_markers', 'size', 'condition'] as const;
export type CheckKind = (typeof checkKinds)[number];

export const failReasons = ['counterfeit', 'used', 'wrong_item', 'wrong_size', 'damaged_box', 'missing_parts', 'manufacturer_defect', 'odour'] as const;
export type FailReason = (typeof failReasons)[number];

export interface Check {
  readonly kind: CheckKind;
  readonly result: Verdict;
  readonly note: string;
}

/** Who says what: the first authenticator, the second whom a FAIL needs, and the admin who decides between them. */
export type Voice = 'first' | 'second' | 'admin';

export interface Opinion {
  readonly voice: Voice;
  readonly by: string;
  readonly verdict: Verdict;
  readonly reasons: readonly FailReason[];
}

export interface Claim {
  readonly by: string;
  readonly until: Date;
  /** By the database's clock. */
  readonly isLive: boolean;
}

export interface Inspection {
  readonly id: string;
  readonly orderId: string;
  readonly productId: string;
  readonly size: string;
  readonly buyerId: string;
  readonly sellerId: string;
  readonly state: State;
  readonly createdAt: Date;
  readonly receivedAt?: Date;
  readonly dueAt?: Date;
  readonly claim?: Claim;
  readonly checks: readonly Check[];
  readonly opinions: readonly Opinion[];
  readonly verdict?: Verdict;
  readonly reasons: readonly FailReason[];
  readonly decidedAt?: Date;
  readonly version: number;
}

/** What an opinion makes of an inspection: a verdict, or the need of somebody else's opinion. */
export type Outcome =
  | { readonly state: 'completed'; readonly verdict: Verdict; readonly reasons: readonly FailReason[] }
  | { readonly state: 'awaiting_review' | 'disagreement' };

/** One PASS is enough; a FAIL takes two, since it costs the seller the sale. If the two disagree, an admin decides. */
export function weigh(before: readonly Opinion[], opinion: Opinion): Outcome {
  const { voice, verdict, reasons } = opinion;
  if (voice === 'first') return verdict === 'pass' ? { state: 'completed', verdict, reasons: [] } : { state: 'awaiting_review' };
  if (voice === 'admin') return { state: 'completed', verdict, reasons };
  const first = before.find((given) => given.voice === 'first');
  if (first?.verdict !== verdict) return { state: 'disagreement' };
  return { state: 'completed', verdict, reasons: [...new Set([...first.reasons, ...reasons])] };
}

export function isParty({ buyerId, sellerId }: Inspection, userId: string): boolean {
  return userId === buyerId || userId === sellerId;
}

/** A PASS stands for every check. */
export function missingChecks({ checks }: Inspection): readonly CheckKind[] {
  return checkKinds.filter((kind) => !checks.some((check) => check.kind === kind && check.result === 'pass'));
}

const DECISION_BUSINESS_DAYS = 2;

/** When a pair that arrived at `receivedAt` should have its verdict (rules 5.9): a goal for the queue, not a deadline of the sale. */
export function decisionDueAt(receivedAt: Date, holidays: Holidays): Date {
  return addBusinessDays(receivedAt, DECISION_BUSINESS_DAYS, holidays);
}
