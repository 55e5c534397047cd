import { Injectable } from '@nestjs/common';
import { backoffMs } from '../domain/retry-policy';
import { ProviderInbox, type InboxEvent } from './ports';
import { ReadProviderObject } from './read-provider-object';

const BATCH_MAX = 20;
const PASSES_MAX = 50;

/** Works off the messages of the provider. Each only says where to look, so that neither their order nor a repetition matters. */
@Injectable()
export class ApplyWebhooks {
  constructor(
    private readonly inbox: ProviderInbox,
    private readonly objects: ReadProviderObject,
  ) {}

  async execute(): Promise<void> {
    for (let pass = 0; pass < PASSES_MAX; pass++) {
      const events = await this.inbox.due(BATCH_MAX);
      if (events.length === 0) return;
      for (const event of events) await this.apply(event);
    }
  }

  private async apply(event: InboxEvent): Promise<void> {
    if (await this.objects.execute(event)) await this.inbox.applied(event.id);
    else await this.inbox.retryLater(event.id, backoffMs(event.attempts + 1));
  }
}
