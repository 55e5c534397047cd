import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { CardProvider, type CardReading, type Reply, type SetupReading } from '../../application/provider';
import { providerKey } from './provider-key';
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

  createSetupIntent(customerId: string, key: string | undefined): Promise<Reply<SetupReading>> {
    const facts: Stripe.SetupIntentCreateParams = { customer: customerId, usage: 'off_session', allowed_payment_method_types: ['card'] };
    // Without a key the SDK's own random one is right here: a lost answer leaves an unused intent behind.
    return this.stripe.call(async (sdk) => setupOf(await sdk.setupIntents.create(facts, key === undefined ? {} : { idempotencyKey: providerKey(key) })));
  }

  readSetupIntent(setupIntentId: string): Promise<Reply<SetupReading>> {
    return this.stripe.call(async (sdk) => setupOf(await sdk.setupIntents.retrieve(setupIntentId)));
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

function setupOf({ id, client_secret: clientSecret }: Stripe.SetupIntent): SetupReading {
  return { id, clientSecret: clientSecret ?? '' };
}

function readingOf({ id, card }: Stripe.PaymentMethod): CardReading[] {
  if (!card) return [];
  return [{ providerId: id, brand: card.brand, last4: card.last4, expMonth: card.exp_month, expYear: card.exp_year, fingerprint: card.fingerprint ?? undefined }];
}
