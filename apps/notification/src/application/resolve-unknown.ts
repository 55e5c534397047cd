import { Injectable } from '@nestjs/common';
import { afterLooking, lookDelayMs } from '../domain/delivery';
import { Compose } from './compose';
import { Contacts, type Found, MailProvider, Messages, Settings, type TakenMessage, TextProvider } from './ports';
import type { Result } from './send-message';

const CLOCKS_APART_MS = 60_000;

/** Finds out what became of a message whose sender died, or heard nothing. Until that is known it is not sent again. */
@Injectable()
export class ResolveUnknown {
  constructor(
    private readonly messages: Messages,
    private readonly compose: Compose,
    private readonly contacts: Contacts,
    private readonly mail: MailProvider,
    private readonly texts: TextProvider,
    private readonly settings: Settings,
  ) {}

  async execute(message: TakenMessage): Promise<Result> {
    if (message.state === 'sending') await this.messages.move(message, 'unknown', { reason: 'interrupted' });
    const unknown = { ...message, state: 'unknown' } as const;
    const found = await this.look(unknown);
    if (found.found === 'yes') {
      await this.messages.move(unknown, 'sent', { providerId: found.providerId });
      return { outcome: 'sent' };
    }
    if (message.unknownForMs < this.settings.unknownMs) {
      await this.messages.later(message.id, Math.min(lookDelayMs(message.looks), Math.max(1, this.settings.unknownMs - message.unknownForMs)));
      return { outcome: 'unknown' };
    }
    return this.giveUp(unknown);
  }

  private async giveUp(unknown: TakenMessage): Promise<Result> {
    const reason = 'outcome_unknown';
    const to = afterLooking(unknown);
    await this.messages.move(unknown, to, { reason });
    return { outcome: to === 'planned' ? 'retried' : 'dropped', reason };
  }

  private async look(message: TakenMessage): Promise<Found> {
    if (message.channel === 'email') return this.mail.find(message.id);
    const contact = await this.contacts.of(message.userId);
    const text = contact && this.compose.text(message, contact);
    if (!text || !message.sendingAt) return { found: 'cannot_tell', reason: 'no_phone' };
    const ids = await this.texts.sentSince(text, new Date(message.sendingAt.getTime() - CLOCKS_APART_MS));
    if (!ids) return { found: 'cannot_tell', reason: 'not_told' };
    const claimed = await this.messages.claimed(ids, message.id);
    const ours = ids.find((id) => !claimed.has(id));
    return ours ? { found: 'yes', providerId: ours } : { found: 'no' };
  }
}
