import type { Money } from '@libs/kernel/money';

/** Every call that may move money, or make it move later, is one of these. */
export const operationKinds = ['intent', 'capture', 'cancel', 'refund', 'transfer', 'payout'] as const;
export type OperationKind = (typeof operationKinds)[number];

/** `sent` is also what a crash leaves behind: its outcome is as open as that of `unknown`. */
export type OperationState = 'planned' | 'sent' | 'succeeded' | 'failed' | 'unknown';

/** Written before the provider is asked. Its id is the provider's idempotency key, so everything that is sent is pinned here. */
export interface Operation {
  readonly id: string;
  readonly orderId: string;
  readonly kind: OperationKind;
  readonly attempt: number;
  readonly amount: Money;
  readonly state: OperationState;
  readonly paymentMethodId: string | undefined;
  /** The provider's object: intent, charge, refund, transfer or payout. */
  readonly providerId: string | undefined;
  /** How often it has been taken up. */
  readonly takes: number;
}

export function isOpen(operation: Pick<Operation, 'state'>): boolean {
  return operation.state === 'planned' || operation.state === 'sent' || operation.state === 'unknown';
}
