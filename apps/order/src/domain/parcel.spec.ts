import fc from 'fast-check';
import { eventsOfScan, furthest, type ParcelState, scanKinds } from './parcel';

describe('a parcel', () => {
  it('ends where its furthest scan says, in whatever order and however often the scans come', () => {
    const kinds = fc.array(fc.constantFrom<ParcelState>(...scanKinds), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(kinds, fc.array(fc.nat(), { minLength: 8, maxLength: 8 }), (scans, shuffle) => {
        const end = (order: ParcelState[]) => order.reduce(furthest, 'created');
        const other = scans.map((scan, i) => ({ scan, by: shuffle[i] ?? 0 })).sort((a, b) => a.by - b.by).map(({ scan }) => scan);
        expect(end([...other, ...scans])).toBe(end(scans));
      }),
    );
  });

  it('that was thought lost may turn up', () => expect(furthest('lost', 'delivered')).toBe('delivered'));

  it('handed in by the seller ships the order, whichever of its scans is the first to be heard of', () => {
    for (const kind of ['accepted', 'in_transit', 'delivered'] as const) expect(eventsOfScan('inbound', kind, 'confirmed')).toEqual(['seller_shipped']);
    expect(eventsOfScan('inbound', 'accepted', 'seller_shipping')).toEqual([]);
  });

  it('delivered to the buyer was also sent to the buyer', () => {
    expect(eventsOfScan('outbound', 'delivered', 'auth_passed')).toEqual(['buyer_shipped', 'buyer_received']);
    expect(eventsOfScan('outbound', 'delivered', 'shipping_to_buyer')).toEqual(['buyer_received']);
    expect(eventsOfScan('outbound', 'delivered', 'delivered')).toEqual([]);
  });

  it('that is lost was sent, and is nobody\'s to declare lost but a person\'s', () => {
    expect(eventsOfScan('inbound', 'lost', 'confirmed')).toEqual(['seller_shipped']);
    expect(eventsOfScan('outbound', 'lost', 'auth_passed')).toEqual(['buyer_shipped']);
    expect(eventsOfScan('outbound', 'lost', 'shipping_to_buyer')).toEqual([]);
    expect(eventsOfScan('inbound', 'lost', 'seller_shipping')).toEqual([]);
  });

  it('on its way back to the seller changes no order', () => {
    expect(eventsOfScan('return', 'delivered', 'auth_failed')).toEqual([]);
  });
});
