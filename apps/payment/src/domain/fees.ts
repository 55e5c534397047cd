import { feeOf, money, type Money } from '@libs/kernel/money';

/** What the platform takes from a trade, from an instant on. The buyer's side follows the schedule of the moment the bid was accepted, the seller's that of the ask. */
export interface FeeSchedule {
  readonly id: string;
  readonly currency: string;
  readonly effectiveFrom: Date;
  readonly buyerFeeBps: number;
  readonly shippingMinor: number;
  readonly sellerFeeBps: number;
  readonly sellerFeeMinMinor: number;
  readonly processingBps: number;
}

export const lineKinds = ['price', 'buyer_fee', 'shipping', 'seller_fee', 'payment_processing'] as const;
export type LineKind = (typeof lineKinds)[number];

/** One amount of a side's bill. What is taken from the seller is below zero, so that the lines add up to the total. */
export interface Line {
  readonly kind: LineKind;
  readonly amount: Money;
}

export interface Bill {
  readonly lines: readonly Line[];
  /** What the buyer pays, or what the seller gets. */
  readonly total: Money;
  readonly scheduleId: string;
}

export function buyerBill(price: Money, schedule: FeeSchedule): Bill {
  return bill(schedule, [
    { kind: 'price', amount: price },
    { kind: 'buyer_fee', amount: feeOf(price, schedule.buyerFeeBps) },
    { kind: 'shipping', amount: money(price.currency, schedule.shippingMinor) },
  ]);
}

export function sellerBill(price: Money, schedule: FeeSchedule): Bill {
  const fee = Math.max(feeOf(price, schedule.sellerFeeBps).minor, schedule.sellerFeeMinMinor);
  return bill(schedule, [
    { kind: 'price', amount: price },
    { kind: 'seller_fee', amount: money(price.currency, -fee) },
    { kind: 'payment_processing', amount: money(price.currency, -feeOf(price, schedule.processingBps).minor) },
  ]);
}

/** The schedule in force at an instant: the last one of that currency that had begun. */
export function scheduleAt(schedules: readonly FeeSchedule[], currency: string, at: Date): FeeSchedule | undefined {
  return schedules
    .filter((schedule) => schedule.currency === currency && schedule.effectiveFrom <= at)
    .reduce<FeeSchedule | undefined>((latest, next) => (latest && latest.effectiveFrom > next.effectiveFrom ? latest : next), undefined);
}

export function lineOf(bill: Bill, kind: LineKind): Money {
  const line = bill.lines.find((candidate) => candidate.kind === kind);
  return line?.amount ?? money(bill.total.currency, 0);
}

function bill(schedule: FeeSchedule, lines: readonly Line[]): Bill {
  const total = lines.reduce((sum, line) => sum + line.amount.minor, 0);
  return { lines, total: money(schedule.currency, total), scheduleId: schedule.id };
}
