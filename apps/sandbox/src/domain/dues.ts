import { learnFee } from './charges';
import type { Due } from './keeping';
import { arrive } from './payouts';
import { settleRefund } from './refunds';
import { moveOn } from './shipments';
import type { Unit } from './unit';
import type { World } from './world';

/** What the business clock has reached and nobody has done, the earliest first. */
export function dueBy(world: World, nowMs: number): Due[] {
  return world.all('dues').filter((due) => due.atMs <= nowMs).sort((a, b) => a.atMs - b.atMs);
}

export function perform(unit: Unit, due: Due): void {
  unit.remove('dues', due.id);
  switch (due.what) {
    case 'payout_arrives':
      return arrive(unit, due.subject);
    case 'refund_settles':
      return settleRefund(unit, due.subject);
    case 'fee_becomes_known':
      return learnFee(unit, due.subject);
    case 'shipment_moves':
      return moveOn(unit, due.subject, due.kind ?? 'in_transit');
  }
}
