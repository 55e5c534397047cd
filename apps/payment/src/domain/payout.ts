import type { Money } from '@libs/kernel/money';

export const payoutStates = ['held', 'transferring', 'transferred', 'in_transit', 'paid', 'failed'] as const;
export type PayoutState = (typeof payoutStates)[number];

export type PayoutEvent = 'hold_over' | 'transferred' | 'transfer_failed' | 'sent' | 'send_failed' | 'arrived' | 'bank_refused' | 'transfer_again' | 'send_again';

/** From the released hold to the seller's bank. `held`: no account yet, or one that changed less than 72 hours ago. */
export const payoutLifecycle: Record<PayoutState, Partial<Record<PayoutEvent, PayoutState>>> = {
  held: { hold_over: 'transferring' },
  transferring: { transferred: 'transferred', transfer_failed: 'failed' },
  transferred: { sent: 'in_transit', send_failed: 'failed' },
  in_transit: { arrived: 'paid', bank_refused: 'failed' },
  // A bank may return a payout that has been reported as paid.
  paid: { bank_refused: 'failed' },
  failed: { transfer_again: 'transferring', send_again: 'transferred' },
};

export interface Payout {
  readonly id: string;
  readonly orderId: string;
  readonly sellerId: string;
  readonly amount: Money;
  readonly state: PayoutState;
  readonly transferId: string | undefined;
  readonly providerId: string | undefined;
  readonly failureCode: string | undefined;
  readonly createdAt: Date;
  readonly arrivesAt: Date | undefined;
}

export function payoutStep(state: PayoutState, event: PayoutEvent): PayoutState | undefined {
  return payoutLifecycle[state][event];
}
