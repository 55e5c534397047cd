import { type Check, checkKinds, decisionDueAt, type Inspection, isParty, missingChecks, type Opinion, weigh } from './inspection';

const opinion = (voice: Opinion['voice'], verdict: Opinion['verdict'], ...reasons: Opinion['reasons']): Opinion => ({ voice, by: `usr_${voice}`, verdict, reasons });
const failed = opinion('first', 'fail', 'used');
const passed = checkKinds.map((kind): Check => ({ kind, result: 'pass', note: '' }));
const inspection = (checks: readonly Check[]): Inspection => ({
  id: 'ins', orderId: 'ord', productId: 'prd', size: '9', buyerId: 'ann', sellerId: 'sam', state: 'queued', createdAt: new Date(0), checks, opinions: [], reasons: [], version: 1,
});

describe('a verdict', () => {
  it('is a pass after one authenticator', () => expect(weigh([], opinion('first', 'pass'))).toEqual({ state: 'completed', verdict: 'pass', reasons: [] }));

  it('is no fail after only one', () => expect(weigh([], failed)).toEqual({ state: 'awaiting_review' }));

  it('is a fail when a second agrees, for the reasons of both', () =>
    expect(weigh([failed], opinion('second', 'fail', 'damaged_box', 'used'))).toEqual({ state: 'completed', verdict: 'fail', reasons: ['used', 'damaged_box'] }));

  it('waits for an admin when the second disagrees', () => expect(weigh([failed], opinion('second', 'pass'))).toEqual({ state: 'disagreement' }));

  it.each(['pass', 'fail'] as const)('is the admin\'s after that: %s', (verdict) =>
    expect(weigh([failed, opinion('second', 'pass')], opinion('admin', verdict, 'used'))).toMatchObject({ state: 'completed', verdict }));
});

describe('the checklist', () => {
  it('is complete with all four checks passed', () => expect(missingChecks(inspection(passed))).toEqual([]));

  it.each(checkKinds)('is not complete without %s', (kind) => {
    expect(missingChecks(inspection(passed.filter((check) => check.kind !== kind)))).toEqual([kind]);
    expect(missingChecks(inspection(passed.map((check) => (check.kind === kind ? { ...check, result: 'fail' } : check))))).toEqual([kind]);
  });
});

it('counts buyer and seller as parties, and nobody else', () => {
  expect(['ann', 'sam', 'eve'].map((userId) => isParty(inspection([]), userId))).toEqual([true, true, false]);
});

it('wants a verdict within two business days of the arrival', () => {
  expect(decisionDueAt(new Date('2026-11-20T15:00:00Z'), new Set()).toISOString()).toBe('2026-11-24T15:00:00.000Z');
});
