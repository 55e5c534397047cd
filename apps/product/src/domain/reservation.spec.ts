import { alreadyHeld } from './reservation';

const wanted = { orderId: 'ord_1', marketId: 'mkt_1', askId: 'ask_1' };

describe('a reservation', () => {
  it('is new for an order that holds nothing, and there already when the same request comes again', () => {
    expect(alreadyHeld(undefined, wanted)).toBe(false);
    expect(alreadyHeld({ ...wanted, released: false }, wanted)).toBe(true);
  });

  it('never comes back once it was released', () => {
    expect(() => alreadyHeld({ ...wanted, released: true }, wanted)).toThrow(expect.objectContaining({ code: 'product.reservation_released' }));
  });

  it('is for one ask only', () => {
    expect(() => alreadyHeld({ ...wanted, askId: 'ask_2', released: false }, wanted)).toThrow(
      expect.objectContaining({ code: 'product.reservation_differs' }),
    );
  });
});
