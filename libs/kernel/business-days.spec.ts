import fc from 'fast-check';
import { addBusinessDays, type Holidays } from './business-days';

const none: Holidays = new Set();
const christmas: Holidays = new Set(['2026-12-25']);

describe('business days', () => {
  it.each([
    ['a Monday', '2026-11-16T15:00:00.000Z', '2026-11-18T15:00:00.000Z'],
    ['a Thursday skips the weekend', '2026-11-19T15:00:00.000Z', '2026-11-23T15:00:00.000Z'],
    ['a Friday skips the weekend', '2026-11-20T23:59:59.999Z', '2026-11-24T23:59:59.999Z'],
    ['a Saturday counts from Monday', '2026-11-21T08:00:00.000Z', '2026-11-24T08:00:00.000Z'],
    ['a Sunday counts from Monday', '2026-11-22T08:00:00.000Z', '2026-11-24T08:00:00.000Z'],
    ['the turn of the year', '2026-12-31T12:00:00.000Z', '2027-01-04T12:00:00.000Z'],
  ])('two of them from %s', (_name, from, to) => {
    expect(addBusinessDays(new Date(from), 2, none).toISOString()).toBe(to);
  });

  it('pass over a holiday', () => {
    expect(addBusinessDays(new Date('2026-12-24T10:00:00.000Z'), 1, christmas).toISOString()).toBe('2026-12-28T10:00:00.000Z');
  });

  it.each([['2026-12-31', '2027-01-04'], ['2029-12-31', '2030-01-02']])('pass over a holiday of every year: one of them from %s', (from, to) => {
    expect(addBusinessDays(new Date(`${from}T10:00:00.000Z`), 1, new Set(['01-01'])).toISOString()).toBe(`${to}T10:00:00.000Z`);
  });

  it('end on a business day, at the same time of day, and never earlier than as many days', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('2026-01-01T00:00:00Z'), max: new Date('2030-01-01T00:00:00Z'), noInvalidDate: true }), fc.integer({ min: 1, max: 30 }), (from, days) => {
        const to = addBusinessDays(from, days, christmas);
        expect([1, 2, 3, 4, 5]).toContain(to.getUTCDay());
        expect(to.toISOString().slice(10)).toBe(from.toISOString().slice(10));
        expect(to.getTime() - from.getTime()).toBeGreaterThanOrEqual(days * 86_400_000);
        expect(addBusinessDays(addBusinessDays(from, days - 1, christmas), 1, christmas)).toEqual(to);
      }),
    );
  });
});
