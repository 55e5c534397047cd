import fc from 'fast-check';
import { money } from '@libs/kernel/money';
import { buyerBill, lineOf, scheduleAt, sellerBill, type FeeSchedule } from './fees';

const standard: FeeSchedule = {
  id: 'usd-1', currency: 'USD', effectiveFrom: new Date('2020-01-01'), buyerFeeBps: 500, shippingMinor: 1_495, sellerFeeBps: 900, sellerFeeMinMinor: 500, processingBps: 300,
};
const usd = (minor: number) => money('USD', minor);
const anySchedule = fc.record({
  buyerFeeBps: fc.nat(5_000), shippingMinor: fc.nat(10_000), sellerFeeBps: fc.nat(5_000), sellerFeeMinMinor: fc.nat(5_000), processingBps: fc.nat(5_000),
});

describe('Fees', () => {
  it('at 450.00 the buyer pays 487.45 and the seller gets 396.00', () => {
    const buyer = buyerBill(usd(45_000), standard);
    const seller = sellerBill(usd(45_000), standard);
    expect(buyer.lines.map(({ kind, amount }) => [kind, amount.minor])).toEqual([['price', 45_000], ['buyer_fee', 2_250], ['shipping', 1_495]]);
    expect(buyer.total).toEqual(usd(48_745));
    expect(seller.lines.map(({ kind, amount }) => [kind, amount.minor])).toEqual([['price', 45_000], ['seller_fee', -4_050], ['payment_processing', -1_350]]);
    expect(seller.total).toEqual(usd(39_600));
  });

  it('a cheap pair costs the seller the minimum fee', () => {
    expect(lineOf(sellerBill(usd(2_500), standard), 'seller_fee')).toEqual(usd(-500));
    expect(lineOf(sellerBill(usd(5_555), standard), 'seller_fee')).toEqual(usd(-500));
    expect(lineOf(sellerBill(usd(5_600), standard), 'seller_fee')).toEqual(usd(-504));
  });

  it.each([[44_999, 900, 4_050], [44_994, 900, 4_049], [10_050, 500, 503], [10_049, 500, 502], [10_010, 300, 300], [10_017, 300, 301]])('rounds %d at %d basis points half up to %d, once for each line', (price, bps, fee) => {
    expect(lineOf(buyerBill(usd(price), { ...standard, buyerFeeBps: bps }), 'buyer_fee').minor).toBe(fee);
  });

  it('whatever the price and the rates, the lines add up to the total to the cent', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_999_999_999 }), anySchedule, (price, rates) => {
        const schedule = { ...standard, ...rates };
        for (const bill of [buyerBill(usd(price), schedule), sellerBill(usd(price), schedule)]) {
          expect(bill.lines.reduce((sum, { amount }) => sum + amount.minor, 0)).toBe(bill.total.minor);
          expect(bill.lines.every(({ amount }) => Number.isSafeInteger(amount.minor))).toBe(true);
        }
      }),
    );
  });

  it('a lower price never costs the buyer more, so an estimate at the bid is the most that is charged', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.nat(10_000_000), anySchedule, (price, above, rates) => {
        const schedule = { ...standard, ...rates };
        expect(buyerBill(usd(price), schedule).total.minor).toBeLessThanOrEqual(buyerBill(usd(price + above), schedule).total.minor);
      }),
    );
  });

  it('the schedule is the one in force at the instant, in that currency', () => {
    const later = { ...standard, id: 'usd-2', effectiveFrom: new Date('2026-07-01T00:00:00Z') };
    const euro = { ...standard, id: 'eur-1', currency: 'EUR' };
    const all = [later, euro, standard];
    expect(scheduleAt(all, 'USD', new Date('2026-06-30T23:59:59.999Z'))?.id).toBe('usd-1');
    expect(scheduleAt(all, 'USD', new Date('2026-07-01T00:00:00.000Z'))?.id).toBe('usd-2');
    expect(scheduleAt(all, 'EUR', new Date('2026-07-02'))?.id).toBe('eur-1');
    expect(scheduleAt(all, 'USD', new Date('2019-12-31'))).toBeUndefined();
    expect(scheduleAt(all, 'GBP', new Date('2026-07-02'))).toBeUndefined();
  });
});
