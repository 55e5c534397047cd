import { Injectable } from '@nestjs/common';
import { backoffMs } from '../domain/retry-policy';
import { messageSubject, ProviderInbox, type InboxEvent } from './ports';
import { ReadProviderObject } from './read-provider-object';
import { Setbacks } from './setbacks';

const BATCH_MAX = 20;
const PASSES_MAX = 50;

/** Works off the messages of the provider. Each only says where to look, so that neither their order nor a repetition matters; one that fails waits, and the others do not. */
@Injectable()
export class ApplyWebhooks {
  constructor(
    private readonly inbox: ProviderInbox,
    private readonly objects: ReadProviderObject,
    private readonly setbacks: Setbacks,
  ) {}

  async execute(): Promise<void> {
    for (let pass = 0; pass < PASSES_MAX; pass++) {
      const events = await this.inbox.due(BATCH_MAX);
      if (events.length === 0) return;
      const applied: InboxEvent[] = [];
      for (const event of events) if (await this.apply(event)) applied.push(event);
      await this.conclude(applied);
    }
  }

  private async apply(event: InboxEvent): Promise<boolean> {
    const failures = event.attempts + 1;
    try {
      if (await this.objects.execute(event)) return true;
    } catch (error) {
      await this.inbox.retryLater(event.id, backoffMs(failures));
      await this.setbacks.happened({ subject: messageSubject(event.id), failures }, error);
      return false;
    }
    // Whether the provider answers is no matter of the message, so nobody is told: it is asked again.
    await this.inbox.retryLater(event.id, backoffMs(failures));
    return false;
  }

  /** All at once: a message whose effect is there and that is not marked is only looked up a second time. */
  private async conclude(applied: readonly InboxEvent[]): Promise<void> {
    if (applied.length === 0) return;
    await this.inbox.applied(applied.map(({ id }) => id));
    for (const { id, attempts } of applied) if (attempts > 0) await this.setbacks.overcome(messageSubject(id));
  }
}
