import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { CardProvider, type CardReading, type Reply } from '../../application/provider';
import { StripeClient } from './stripe-client';

const CARDS_MAX = 100;

@Injectable()
export class StripeCards extends CardProvider {
  constructor(private readonly stripe: StripeClient) {
    super();
  }

  createCustomer(userId: string): Promise<Reply<string>> {
    return this.stripe.call(async (sdk) => (await sdk.customers.create({ metadata: { user_id: userId } }, { idempotencyKey: `customer:${userId}` })).id);
  }

  createSetupIntent(customerId: string): Promise<Reply<{ id: string; clientSecret: string }>> {
    return this.stripe.call(async (sdk) => {
      // Every set-up is one of its own, so the SDK's own random key is right here: a lost answer leaves an unused intent behind.
      const { id, client_secret: clientSecret } = await sdk.setupIntents.create({ customer: customerId, usage: 'off_session', allowed_payment_method_types: ['card'] });
      return { id, clientSecret: clientSecret ?? '' };
    });
  }

  listCards(customerId: string): Promise<Reply<CardReading[]>> {
    return this.stripe.call(async (sdk) => {
      const { data } = await sdk.customers.listPaymentMethods(customerId, { type: 'card', limit: CARDS_MAX });
      return data.flatMap(readingOf).reverse();
    });
  }

  removeCard(providerId: string): Promise<Reply<void>> {
    return this.stripe.call(async (sdk) => void (await sdk.paymentMethods.detach(providerId)));
  }
}

function readingOf({ id, card }: Stripe.PaymentMethod): CardReading[] {
  if (!card) return [];
  return [{ providerId: id, brand: card.brand, last4: card.last4, expMonth: card.exp_month, expYear: card.exp_year, fingerprint: card.fingerprint ?? undefined }];
}
