import fc from 'fast-check';
import { money } from '@libs/kernel/money';
import { buyerBill, sellerBill, type FeeSchedule } from './fees';
import { capturePosting, providerFeePosting, refundPosting, refundReturnedPosting, releasePosting, transferPosting, type Posting } from './ledger';

const schedule: FeeSchedule = {
  id: 'usd-1', currency: 'USD', effectiveFrom: new Date('2020-01-01'), buyerFeeBps: 500, shippingMinor: 1_495, sellerFeeBps: 900, sellerFeeMinMinor: 500, processingBps: 300,
};
const usd = (minor: number) => money('USD', minor);

/** An order's whole life with money: what may happen is what the two state tables allow. */
interface Life {
  readonly price: number;
  readonly fee: number;
  readonly end: 'held' | 'refunded' | 'paid' | 'paid_and_refunded' | 'refund_returned';
}
const anyLife: fc.Arbitrary<Life> = fc.record({
  price: fc.integer({ min: 2_500, max: 10_000_000 }),
  fee: fc.nat(2_000),
  end: fc.constantFrom('held', 'refunded', 'paid', 'paid_and_refunded', 'refund_returned'),
});

function postingsOf({ price, fee, end }: Life, at: number): Posting[] {
  const orderId = `ord_${at}`;
  const sellerId = `usr_${at % 3}`;
  const buyer = buyerBill(usd(price), schedule);
  const seller = sellerBill(usd(price), schedule);
  const captured = capturePosting(orderId, { chargeId: 'ch', intentId: 'pi', amount: buyer.total, balanceTransactionId: `txn_${at}`, fee: usd(fee) });
  const refund = (isBorneByPlatform: boolean) => ({ orderId, operationId: `op_${at}`, amount: buyer.total, isBorneByPlatform });
  const paid = [releasePosting({ orderId, sellerId, buyer, seller }), transferPosting({ orderId, sellerId, amount: seller.total }, `tr_${at}`)];
  if (end === 'held') return [captured];
  if (end === 'refunded') return [captured, refundPosting(refund(false), `re_${at}`)];
  if (end === 'refund_returned') return [captured, refundPosting(refund(false), `re_${at}`), refundReturnedPosting(refund(false), `rr_${at}`)];
  if (end === 'paid') return [captured, ...paid];
  return [captured, refundPosting(refund(true), `re_${at}`), ...paid];
}

function balancesOf(postings: readonly Posting[]): Map<string, number> {
  const balances = new Map<string, number>();
  for (const { account, amount } of postings.flatMap(({ entries }) => entries)) {
    const key = account.owner ? `${account.code}:${account.owner}` : account.code;
    balances.set(key, (balances.get(key) ?? 0) + amount.minor);
  }
  return balances;
}

const sumOf = (balances: Map<string, number>, prefix: string) => [...balances].filter(([key]) => key.startsWith(prefix)).reduce((sum, [, minor]) => sum + minor, 0);

describe('Ledger postings', () => {
  it('a capture holds all of it for the order; what the provider keeps is the platform\'s cost', () => {
    const posting = capturePosting('ord_1', { chargeId: 'ch', intentId: 'pi', amount: usd(48_745), balanceTransactionId: 'txn_1', fee: usd(1_444) });
    expect(Object.fromEntries(balancesOf([posting]))).toEqual({ stripe_balance: 47_301, 'held:ord_1': -48_745, processing_cost: 1_444 });
    expect(posting.externalRef).toBe('txn_1');
  });

  it('a release pays the seller, the fees and the shipping out of the hold, and leaves nothing in it', () => {
    const trade = { orderId: 'ord_1', sellerId: 'usr_1', buyer: buyerBill(usd(45_000), schedule), seller: sellerBill(usd(45_000), schedule) };
    expect(Object.fromEntries(balancesOf([releasePosting(trade)]))).toEqual({
      'held:ord_1': 48_745, 'seller_payable:usr_1': -39_600, fee_revenue: -(4_050 + 1_350 + 2_250), shipping_revenue: -1_495,
    });
  });

  it('a fee that the provider books by itself is a cost, a credit of it lowers the cost', () => {
    expect(Object.fromEntries(balancesOf([providerFeePosting('txn_9', usd(-200))]))).toEqual({ stripe_balance: -200, processing_cost: 200 });
    expect(Object.fromEntries(balancesOf([providerFeePosting('txn_9', usd(50))]))).toEqual({ stripe_balance: 50, processing_cost: -50 });
  });

  it('any orders in any order: the ledger sums to zero, holds are what is captured and neither refunded nor released, and nothing is overdrawn', () => {
    fc.assert(
      fc.property(fc.array(anyLife, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (lives, picks) => {
        const left = lives.map(postingsOf);
        const posted: Posting[] = [];
        while (left.some((rest) => rest.length > 0)) {
          const alive = left.filter((rest) => rest.length > 0);
          const next = alive[(picks.next().value ?? 0) % alive.length]?.shift();
          if (next) posted.push(next);
          const balances = balancesOf(posted);
          expect([...balances.values()].reduce((sum, minor) => sum + minor, 0)).toBe(0);
          for (const [key, minor] of balances) if (key.startsWith('held') || key.startsWith('seller_payable')) expect(minor).toBeLessThanOrEqual(0);
        }
        const balances = balancesOf(posted);
        lives.forEach(({ price, end }, at) => {
          const total = buyerBill(usd(price), schedule).total.minor;
          const isOpen = end === 'held' || end === 'refund_returned';
          expect(balances.get(`held:ord_${at}`) ?? 0).toBe(isOpen ? -total : 0);
        });
        // Everybody's captured money is somewhere: with the buyer, the seller, the platform, or still held.
        const captured = lives.reduce((sum, { price }) => sum + buyerBill(usd(price), schedule).total.minor, 0);
        const refunded = lives.filter(({ end }) => end === 'refunded').reduce((sum, { price }) => sum + buyerBill(usd(price), schedule).total.minor, 0);
        const sellers = lives.filter(({ end }) => end.startsWith('paid')).reduce((sum, { price }) => sum + sellerBill(usd(price), schedule).total.minor, 0);
        expect(captured).toBe(refunded + sellers - sumOf(balances, 'fee_revenue') - sumOf(balances, 'shipping_revenue') - sumOf(balances, 'held'));
      }),
    );
  });

  it('each business event has a key of its own, and one that is posted again has the same', () => {
    const keys = postingsOf({ price: 45_000, fee: 10, end: 'paid_and_refunded' }, 1).map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(postingsOf({ price: 45_000, fee: 10, end: 'paid_and_refunded' }, 1).map(({ key }) => key)).toEqual(keys);
  });
});
