import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { money, type Money } from '@libs/kernel/money';
import type { CapturedCharge } from '../../domain/payment';
import { ChargeProvider, type IntentReading, type Reply } from '../../application/provider';
import { StripeClient } from './stripe-client';

/** Charge and balance transaction come with the intent, so that one call tells whether it is paid and what it cost. */
const expand = ['latest_charge.balance_transaction'];
const LOOKED_AT_MAX = 100;

@Injectable()
export class StripeCharges extends ChargeProvider {
  constructor(private readonly stripe: StripeClient) {
    super();
  }

  createIntent({ key, orderId, customerId, amount }: { key: string; orderId: string; customerId: string; amount: Money }): Promise<Reply<IntentReading>> {
    return this.reading((sdk) =>
      sdk.paymentIntents.create(
        {
          amount: amount.minor, currency: amount.currency.toLowerCase(), customer: customerId, allowed_payment_method_types: ['card'],
          // The newer default tells the provider's fee an hour later; the ledger wants it with the charge.
          capture_method: 'automatic',
          transfer_group: orderId, metadata: { order_id: orderId },
        },
        { idempotencyKey: key },
      ),
    );
  }

  async findIntent(customerId: string, orderId: string): Promise<Reply<IntentReading | undefined>> {
    return this.stripe.call(async (sdk) => {
      const { data } = await sdk.paymentIntents.list({ customer: customerId, limit: LOOKED_AT_MAX });
      const found = data.find((intent) => intent.metadata['order_id'] === orderId);
      return found && readingOf(await sdk.paymentIntents.retrieve(found.id, { expand }));
    });
  }

  confirmIntent({ key, intentId, methodId }: { key: string; intentId: string; methodId: string }): Promise<Reply<IntentReading>> {
    return this.reading((sdk) => sdk.paymentIntents.confirm(intentId, { payment_method: methodId, off_session: true, expand }, { idempotencyKey: key }));
  }

  cancelIntent({ key, intentId }: { key: string; intentId: string }): Promise<Reply<IntentReading>> {
    return this.reading((sdk) => sdk.paymentIntents.cancel(intentId, {}, { idempotencyKey: key }));
  }

  readIntent(intentId: string): Promise<Reply<IntentReading>> {
    return this.reading((sdk) => sdk.paymentIntents.retrieve(intentId, { expand }));
  }

  private reading(work: (sdk: Stripe.Stripe) => Promise<Stripe.PaymentIntent>): Promise<Reply<IntentReading>> {
    return this.stripe.call(async (sdk) => readingOf(await work(sdk)));
  }
}

const statuses: Readonly<Record<string, IntentReading['status']>> = { requires_action: 'requires_action', processing: 'processing', canceled: 'cancelled' };

/** Paid only counts with the line in the provider's books: without it the intent is still `processing`. */
function readingOf(intent: Stripe.PaymentIntent): IntentReading {
  const charge = intent.status === 'succeeded' ? chargeOf(intent) : undefined;
  const failure = intent.last_payment_error;
  return {
    id: intent.id,
    orderId: intent.metadata['order_id'],
    status: intent.status === 'succeeded' ? (charge ? 'captured' : 'processing') : (statuses[intent.status] ?? 'waiting'),
    lastFailure: failure ? { code: failure.decline_code ?? failure.code ?? failure.type, chargeId: failure.charge ?? undefined } : undefined,
    charge,
    clientSecret: intent.client_secret ?? undefined,
  };
}

function chargeOf(intent: Stripe.PaymentIntent): CapturedCharge | undefined {
  const charge = intent.latest_charge;
  if (!charge || typeof charge === 'string') return undefined;
  const line = charge.balance_transaction;
  if (!line || typeof line === 'string') return undefined;
  const currency = intent.currency.toUpperCase();
  return { chargeId: charge.id, intentId: intent.id, amount: money(currency, intent.amount_received), balanceTransactionId: line.id, fee: money(currency, line.fee) };
}
