import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { SecretBox } from '@libs/secrets/secret-box';
import { keyIn } from '@libs/secrets/secrets-file';
import { webhookNotReady } from '../../domain/errors';
import { EndpointSecrets } from '../../application/ports';
import { WebhookProvider, type ProviderEvent, type WebhookEndpointName } from '../../application/provider';
import { PaymentConfig } from '../../payment.config';
import { StripeClient } from './stripe-client';

const TOLERANCE_S = 300;
const LISTED_MAX = 100;

const endpoints: Record<WebhookEndpointName, { path: string; events: Stripe.WebhookEndpointCreateParams.EnabledEvent[] }> = {
  platform: {
    path: '/v1/webhooks/stripe',
    events: [
      'payment_intent.succeeded', 'payment_intent.payment_failed', 'payment_intent.requires_action', 'payment_intent.canceled', 'refund.created', 'refund.updated',
      'refund.failed', 'setup_intent.succeeded', 'payment_method.attached', 'payment_method.detached',
    ],
  },
  connect: {
    path: '/v1/webhooks/stripe/connect',
    events: ['account.updated', 'account.external_account.created', 'account.external_account.updated', 'account.external_account.deleted', 'payout.paid', 'payout.failed', 'payout.canceled'],
  },
};

@Injectable()
export class StripeWebhooks extends WebhookProvider {
  private readonly secrets = new Map<WebhookEndpointName, string>();
  private readonly box: SecretBox;

  constructor(
    private readonly stripe: StripeClient,
    private readonly config: PaymentConfig,
    private readonly store: EndpointSecrets,
  ) {
    super();
    const { PAYMENT_SECRETS_FILE: file, DATA_DIR: folder } = config.values;
    this.box = new SecretBox(keyIn(file ?? join(folder, 'secrets', 'payment.key')));
  }

  async ensureEndpoint(name: WebhookEndpointName): Promise<void> {
    const url = new URL(endpoints[name].path, this.config.values.PUBLIC_URL).href;
    const { data } = await this.stripe.sdk.webhookEndpoints.list({ limit: LISTED_MAX });
    const kept = await this.store.find(name);
    const secret = kept && this.box.open(kept.sealed);
    const known = secret === undefined ? undefined : data.find(({ id }) => id === kept?.providerId);
    if (known && secret !== undefined) {
      await this.refresh(known, { url, events: endpoints[name].events });
      this.secrets.set(name, secret);
      return;
    }
    for (const { id } of data.filter((endpoint) => endpoint.url === url)) await this.stripe.sdk.webhookEndpoints.del(id);
    await this.make(name, url);
  }

  async verify(name: WebhookEndpointName, body: Uint8Array, signature: string): Promise<ProviderEvent | undefined> {
    const secret = this.secrets.get(name);
    if (secret === undefined) throw webhookNotReady();
    try {
      return eventOf(this.stripe.sdk.webhooks.constructEvent(Buffer.from(body), signature, secret, TOLERANCE_S));
    } catch {
      // The SDK throws for a wrong signature, an old one, and a body that is no event alike.
      return undefined;
    }
  }

  private async make(name: WebhookEndpointName, url: string): Promise<void> {
    const { id, secret } = await this.stripe.sdk.webhookEndpoints.create({ url, enabled_events: endpoints[name].events, ...(name === 'connect' ? { connect: true } : {}) });
    if (secret === undefined) throw new Error(`the provider told no secret for ${url}`);
    await this.store.save({ name, providerId: id, url, sealed: this.box.seal(secret) });
    this.secrets.set(name, secret);
  }

  private async refresh(endpoint: Stripe.WebhookEndpoint, wanted: { url: string; events: Stripe.WebhookEndpointCreateParams.EnabledEvent[] }): Promise<void> {
    const isSame = endpoint.url === wanted.url && wanted.events.every((event) => endpoint.enabled_events.includes(event));
    if (!isSame) await this.stripe.sdk.webhookEndpoints.update(endpoint.id, { url: wanted.url, enabled_events: wanted.events });
  }
}

/** Of an event we keep what it is about; its copy of the object may be older than another one's, so it is never read. */
function eventOf(event: Stripe.Event): ProviderEvent {
  const object = event.data.object as { id?: string; customer?: string | { id: string } | null };
  const { customer } = object;
  return {
    id: event.id,
    type: event.type,
    objectId: object.id ?? '',
    accountId: event.account,
    customerId: typeof customer === 'string' ? customer : customer?.id,
    createdAt: new Date(event.created * 1_000),
  };
}
