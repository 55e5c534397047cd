import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { RefundProvider, type RefundReading, type Reply } from '../../application/provider';
import { StripeClient } from './stripe-client';

const LOOKED_AT_MAX = 100;

@Injectable()
export class StripeRefunds extends RefundProvider {
  constructor(private readonly stripe: StripeClient) {
    super();
  }

  createRefund({ key, intentId, orderId }: { key: string; intentId: string; orderId: string }): Promise<Reply<RefundReading>> {
    const facts = { payment_intent: intentId, metadata: { operation_id: key, order_id: orderId } };
    return this.stripe.call(async (sdk) => readingOf(await sdk.refunds.create(facts, { idempotencyKey: key })));
  }

  findRefund(intentId: string, operationId: string): Promise<Reply<RefundReading | undefined>> {
    return this.stripe.call(async (sdk) => {
      const { data } = await sdk.refunds.list({ payment_intent: intentId, limit: LOOKED_AT_MAX });
      const found = data.find((refund) => refund.metadata?.['operation_id'] === operationId);
      return found && readingOf(found);
    });
  }

  readRefund(refundId: string): Promise<Reply<RefundReading>> {
    return this.stripe.call(async (sdk) => readingOf(await sdk.refunds.retrieve(refundId)));
  }
}

const statuses: Readonly<Record<string, RefundReading['status']>> = { succeeded: 'succeeded', failed: 'failed', canceled: 'failed' };

function readingOf(refund: Stripe.Refund): RefundReading {
  return {
    id: refund.id,
    operationId: refund.metadata?.['operation_id'],
    status: statuses[refund.status ?? ''] ?? 'pending',
    balanceTransactionId: idOf(refund.balance_transaction),
    returnedBy: idOf(refund.failure_balance_transaction),
    failureCode: refund.failure_reason,
  };
}

function idOf(reference: string | { id: string } | null | undefined): string | undefined {
  return typeof reference === 'string' ? reference : reference?.id;
}
