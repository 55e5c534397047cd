import fc from 'fast-check';
import { money } from '@libs/kernel/money';
import { eventOf, lifecycle, stepOf, type PaymentEvent } from './lifecycle';
import { paymentStates, type Finding, type Payment, type PaymentState } from './payment';
import { payoutLifecycle, payoutStates } from './payout';
import { isSoftDecline, TRIES_MAX } from './retry-policy';

const total = { lines: [], total: money('USD', 48_745), scheduleId: 'usd-1' };
const fresh: Payment = {
  id: 'pay_1', orderId: 'ord_1', buyerId: 'usr_1', sellerId: 'usr_2', price: money('USD', 45_000), buyer: total, seller: total, paymentMethodId: 'pm_1', state: 'processing',
  tries: 0, hasRetriedItself: false, failureCode: undefined, intentId: 'pi_1', chargeId: undefined, recoverUntil: new Date('2026-01-01T02:00:00Z'),
};
const charge = { chargeId: 'ch_1', intentId: 'pi_1', amount: money('USD', 48_745), balanceTransactionId: 'txn_1', fee: money('USD', 10) };
const ends: ReadonlySet<PaymentState> = new Set(['failed', 'cancelled']);

function after(payment: Payment, finding: Finding): Payment {
  const { event, change } = eventOf(payment, finding);
  const step = stepOf(payment.state, event);
  return step ? { ...payment, ...change, state: step.to } : payment;
}

function declined(payment: Payment, code: string): Payment {
  return after({ ...payment, state: 'processing' }, { found: 'declined', code });
}

describe('A charge', () => {
  it('a soft decline is tried again by itself once, later ones wait for the buyer, the third ends it', () => {
    const first = declined(fresh, 'insufficient_funds');
    const second = declined(first, 'insufficient_funds');
    const third = declined(second, 'insufficient_funds');
    expect([first, second, third].map(({ state, tries }) => [state, tries])).toEqual([['retrying', 1], ['action_required', 2], ['giving_up', 3]]);
  });

  it('a hard decline waits for the buyer at once', () => {
    expect(declined(fresh, 'lost_card')).toMatchObject({ state: 'action_required', tries: 1, failureCode: 'lost_card' });
    expect(isSoftDecline('lost_card')).toBe(false);
  });

  it('paid by the buyer\'s own client after the third decline it is paid, and no fourth try', () => {
    expect(after({ ...fresh, state: 'giving_up', tries: TRIES_MAX }, { found: 'captured', charge })).toMatchObject({ state: 'captured', tries: TRIES_MAX });
  });

  it('a wish for authentication is no try', () => {
    expect(after(fresh, { found: 'authentication_required' })).toMatchObject({ state: 'action_required', tries: 0 });
  });

  it('paid wins wherever the charge is not over, also over giving up and cancelling', () => {
    for (const state of paymentStates.filter((one) => !['captured', 'failed', 'cancelled', 'refunding', 'refunded'].includes(one))) {
      expect(after({ ...fresh, state }, { found: 'captured', charge }).state).toBe('captured');
    }
  });

  it('it is announced as failed, or cancelled, only when the provider has cancelled the intent or never made it', () => {
    for (const [state, steps] of Object.entries(lifecycle)) {
      for (const [event, step] of Object.entries(steps)) if (ends.has(step.to)) expect([state, ['cancelled_there', 'intent_refused'].includes(event)]).toEqual([state, true]);
    }
  });

  it('every state is reached, and none but the ends is a trap', () => {
    const reached = new Set<PaymentState>(['processing']);
    for (let grown = 0; grown < reached.size; ) {
      grown = reached.size;
      for (const state of [...reached]) for (const step of Object.values(lifecycle[state])) reached.add(step.to);
    }
    expect([...reached].sort()).toEqual([...paymentStates].sort());
    expect(paymentStates.filter((state) => Object.keys(lifecycle[state]).length === 0)).toEqual(['failed', 'cancelled']);
  });

  it('whatever happens in whatever order: it is captured once at most, refunded after that alone, and never tried a fourth time', () => {
    const events = [...new Set(Object.values(lifecycle).flatMap((steps) => Object.keys(steps)))] as PaymentEvent[];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events), { maxLength: 60 }), (happenings) => {
        let state: PaymentState = 'processing';
        let captures = 0;
        let isHeld = false;
        for (const event of happenings) {
          const step = stepOf(state, event);
          if (!step) continue;
          captures += step.then.includes('post_capture') ? 1 : 0;
          isHeld ||= step.then.includes('post_capture');
          if (step.then.includes('send_refund')) expect(isHeld).toBe(true);
          state = step.to;
        }
        expect(captures).toBeLessThanOrEqual(1);
        if (ends.has(state)) expect(captures).toBe(0);
      }),
    );
  });

  it('no sequence of declines makes more than three tries', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('insufficient_funds', 'lost_card', 'expired_card', 'generic_decline'), { maxLength: 10 }), (codes) => {
        let payment = fresh;
        for (const code of codes) {
          if (!['processing', 'retrying', 'action_required'].includes(payment.state)) break;
          payment = declined(payment, code);
        }
        expect(payment.tries).toBeLessThanOrEqual(TRIES_MAX);
        expect(payment.state === 'giving_up').toBe(payment.tries === TRIES_MAX);
      }),
    );
  });
});

describe('A payout', () => {
  it('goes through the transfer to the bank, and a failure can always be sent again', () => {
    expect(payoutStates.filter((state) => Object.values(payoutLifecycle[state]).includes('paid'))).toEqual(['in_transit']);
    expect(payoutStates.filter((state) => Object.values(payoutLifecycle[state]).includes('transferred'))).toEqual(['transferring', 'failed']);
    for (const state of payoutStates) expect(Object.keys(payoutLifecycle[state]).length).toBeGreaterThan(0);
  });
});
