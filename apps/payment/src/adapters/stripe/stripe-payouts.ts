import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import type { Money } from '@libs/kernel/money';
import { PayoutProvider, type PayoutReading, type Reply, type TransferReading } from '../../application/provider';
import { StripeClient } from './stripe-client';

const LOOKED_AT_MAX = 100;

@Injectable()
export class StripePayouts extends PayoutProvider {
  constructor(private readonly stripe: StripeClient) {
    super();
  }

  /** Drawn on the order's own charge, so that it need not wait until the charge's money is available. */
  createTransfer(transfer: { key: string; orderId: string; accountId: string; chargeId: string; amount: Money }): Promise<Reply<TransferReading>> {
    const { key, orderId, accountId, chargeId, amount } = transfer;
    return this.stripe.call(async (sdk) =>
      transferOf(
        await sdk.transfers.create(
          {
            amount: amount.minor, currency: amount.currency.toLowerCase(), destination: accountId, source_transaction: chargeId, transfer_group: orderId,
            metadata: { operation_id: key, order_id: orderId },
          },
          { idempotencyKey: key },
        ),
      ),
    );
  }

  findTransfer(orderId: string): Promise<Reply<TransferReading | undefined>> {
    return this.stripe.call(async (sdk) => {
      const { data } = await sdk.transfers.list({ transfer_group: orderId, limit: LOOKED_AT_MAX });
      return data[0] && transferOf(data[0]);
    });
  }

  createPayout({ key, orderId, accountId, amount }: { key: string; orderId: string; accountId: string; amount: Money }): Promise<Reply<PayoutReading>> {
    return this.stripe.call(async (sdk) =>
      payoutOf(
        await sdk.payouts.create(
          { amount: amount.minor, currency: amount.currency.toLowerCase(), metadata: { operation_id: key, order_id: orderId } },
          { idempotencyKey: key, stripeAccount: accountId },
        ),
      ),
    );
  }

  findPayout(accountId: string, operationId: string): Promise<Reply<PayoutReading | undefined>> {
    return this.stripe.call(async (sdk) => {
      const { data } = await sdk.payouts.list({ limit: LOOKED_AT_MAX }, { stripeAccount: accountId });
      const found = data.find((payout) => payout.metadata?.['operation_id'] === operationId);
      return found && payoutOf(found);
    });
  }

  readPayout(accountId: string, payoutId: string): Promise<Reply<PayoutReading>> {
    return this.stripe.call(async (sdk) => payoutOf(await sdk.payouts.retrieve(payoutId, {}, { stripeAccount: accountId })));
  }
}

function transferOf(transfer: Stripe.Transfer): TransferReading {
  const line = transfer.balance_transaction;
  return { id: transfer.id, balanceTransactionId: typeof line === 'string' ? line : (line?.id ?? '') };
}

const statuses: Readonly<Record<string, PayoutReading['status']>> = { paid: 'paid', failed: 'failed', canceled: 'failed' };

function payoutOf(payout: Stripe.Payout): PayoutReading {
  return {
    id: payout.id,
    operationId: payout.metadata?.['operation_id'],
    status: statuses[payout.status] ?? 'in_transit',
    arrivesAt: new Date(payout.arrival_date * 1_000),
    failureCode: payout.failure_code ?? undefined,
  };
}
