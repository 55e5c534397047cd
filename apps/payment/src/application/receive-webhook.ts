import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { failpoint } from '@libs/kernel/failpoint';
import { webhookEndpoint, webhookSignature } from '../domain/errors';
import { ProviderInbox, Telemetry, Wake } from './ports';
import { WebhookProvider, webhookEndpoints, type WebhookEndpointName } from './provider';

/** Takes a message in as soon as its signature holds, and no more: what it means is looked up at the provider afterwards. */
@Injectable()
export class ReceiveWebhook {
  constructor(
    private readonly provider: WebhookProvider,
    private readonly inbox: ProviderInbox,
    private readonly telemetry: Telemetry,
    private readonly wake: Wake,
    private readonly clock: Clock,
  ) {}

  async execute({ endpoint, body, signature }: { endpoint: string; body: Uint8Array; signature: string }): Promise<void> {
    const name = webhookEndpoints.find((known) => known === endpoint) satisfies WebhookEndpointName | undefined;
    if (!name) throw webhookEndpoint();
    const event = await this.provider.verify(name, body, signature);
    if (!event) {
      this.telemetry.happened('webhook', 'forged');
      throw webhookSignature();
    }
    failpoint('payment.webhook.afterVerify');
    const isNew = await this.inbox.add({ ...event, endpoint: name, body });
    failpoint('payment.webhook.afterInbox');
    this.telemetry.happened('webhook', isNew ? 'received' : 'duplicate', { type: event.type });
    if (isNew) this.telemetry.heard((this.clock.now().getTime() - event.createdAt.getTime()) / 1_000);
    this.wake.inbox();
  }
}
