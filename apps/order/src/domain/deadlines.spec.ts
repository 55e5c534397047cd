import type { Holidays } from '@libs/kernel/business-days';
import { type DeadlineRules, dueAt, shipByOf } from './deadlines';

const rules: DeadlineRules = { shipByBusinessDays: 2, shipByGraceHours: 12, inboundLostDays: 14, inspectionBusinessDays: 2, handoverBusinessDays: 2, autoDeliveredDays: 14 };
const none: Holidays = new Set();

describe('deadlines', () => {
  const paidOnFriday = new Date('2026-11-20T15:00:00.000Z');

  it('tell the seller of a pair sold on Friday to ship by Tuesday', () => {
    expect(shipByOf(paidOnFriday, rules, none).toISOString()).toBe('2026-11-24T15:00:00.000Z');
  });

  it('give the seller twelve hours of grace', () => {
    expect(dueAt('ship_by', paidOnFriday, rules, none).toISOString()).toBe('2026-11-25T03:00:00.000Z');
  });

  it('count a lost parcel and an unconfirmed delivery in calendar days', () => {
    expect(dueAt('inbound_lost', paidOnFriday, rules, none).toISOString()).toBe('2026-12-04T15:00:00.000Z');
    expect(dueAt('auto_delivered', paidOnFriday, rules, none).toISOString()).toBe('2026-12-04T15:00:00.000Z');
  });
});
