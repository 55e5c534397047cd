import { addBusinessDays, type Holidays } from '@libs/kernel/business-days';
import { type TimerKind, timers } from './lifecycle';
import type { ParcelState } from './parcel';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A set of deadlines, in force from its date until the next one's. */
export interface DeadlineRules {
  readonly shipByBusinessDays: number;
  readonly shipByGraceHours: number;
  readonly inboundLostDays: number;
  readonly inspectionBusinessDays: number;
  readonly handoverBusinessDays: number;
  readonly autoDeliveredDays: number;
}

/** What the seller is told, while the order waits `shipByGraceHours` longer. */
export function shipByOf(paidAt: Date, rules: DeadlineRules, holidays: Holidays): Date {
  return addBusinessDays(paidAt, rules.shipByBusinessDays, holidays);
}

/** When a deadline that begins to run at `from` has passed. */
export function dueAt(kind: TimerKind, from: Date, rules: DeadlineRules, holidays: Holidays): Date {
  switch (kind) {
    case 'ship_by':
      return new Date(shipByOf(from, rules, holidays).getTime() + rules.shipByGraceHours * HOUR_MS);
    case 'inbound_lost':
      return new Date(from.getTime() + rules.inboundLostDays * DAY_MS);
    case 'inspection':
      return addBusinessDays(from, rules.inspectionBusinessDays, holidays);
    case 'handover':
      return addBusinessDays(from, rules.handoverBusinessDays, holidays);
    case 'auto_delivered':
      return new Date(from.getTime() + rules.autoDeliveredDays * DAY_MS);
  }
}

/** `fire`: its event happens. `tell`: a person must look. `hold`: not before the parcel's fate is settled. */
export type Ruling = 'fire' | 'tell' | 'hold';

/** What follows when a deadline has passed, given what the carrier last said of the parcel that it is about. */
export function rulingOn(kind: TimerKind, parcel: ParcelState | undefined): Ruling {
  if (!timers[kind].event) return 'tell';
  if (kind === 'auto_delivered' && parcel === 'lost') return 'hold';
  // The carrier has handed it to us: it lies at the floor, and nobody has taken it in.
  return kind === 'inbound_lost' && parcel === 'delivered' ? 'tell' : 'fire';
}
