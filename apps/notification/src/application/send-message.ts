import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import { retryDelayMs, TRIES_MAX } from '../domain/delivery';
import { Compose } from './compose';
import { type Contact, Contacts, MailProvider, Messages, type Outcome, type Sent, Settings, type TakenMessage, TextProvider } from './ports';

export interface Result {
  readonly outcome: Outcome;
  readonly reason?: string;
}

/** The message as it will go out, and how. */
type Ready = { readonly send: () => Promise<Sent> } | { readonly drop: string };

/** Hands a message to its provider: marked before the call and after it, so that a crash leaves a message of unknown fate, and never one that is sent again unseen. */
@Injectable()
export class SendMessage {
  constructor(
    private readonly messages: Messages,
    private readonly compose: Compose,
    private readonly contacts: Contacts,
    private readonly mail: MailProvider,
    private readonly texts: TextProvider,
    private readonly settings: Settings,
  ) {}

  async execute(message: TakenMessage): Promise<Result> {
    if (message.isExpired) return this.drop(message, 'link_expired');
    const contact = await this.contacts.of(message.userId);
    if (!contact) return this.drop(message, 'no_such_user');
    const ready = this.prepare(message, contact);
    if ('drop' in ready) return this.drop(message, ready.drop);
    if (!(await this.messages.move(message, 'sending'))) return { outcome: 'retried', reason: 'taken_by_another' };
    const sending = { ...message, state: 'sending', attempts: message.attempts + 1 } as const;
    failpoint('notification.beforeSend');
    const sent = await ready.send();
    failpoint('notification.afterSendBeforeMark');
    return this.mark(sending, sent);
  }

  /** Nothing was sent, whoever says so: later, and not for ever. */
  async retry(message: TakenMessage, reason: string): Promise<Result> {
    const tries = message.attempts + message.looks + 1;
    if (tries >= TRIES_MAX) return this.park(message, reason);
    const delayMs = retryDelayMs(tries, this.settings.backoffMs);
    if (message.state === 'planned') await this.messages.later(message.id, delayMs);
    else await this.messages.move(message, 'planned', { reason, delayMs });
    return { outcome: 'retried', reason };
  }

  async park(message: TakenMessage, reason: string): Promise<Result> {
    await this.messages.move(message, 'parked', { reason });
    return { outcome: 'parked', reason };
  }

  private prepare(message: TakenMessage, contact: Contact): Ready {
    if (message.channel === 'email') {
      const mail = this.compose.mail(message, contact);
      return { send: () => this.mail.send(mail) };
    }
    if (contact.phone === '') return { drop: 'no_phone' };
    const text = this.compose.text(message, contact);
    return text ? { send: () => this.texts.send(text) } : { drop: 'phone_not_international' };
  }

  private async mark(message: TakenMessage, sent: Sent): Promise<Result> {
    switch (sent.outcome) {
      case 'sent':
        await this.messages.move(message, 'sent', { providerId: sent.providerId });
        return { outcome: 'sent' };
      case 'refused':
        await this.messages.move(message, 'failed', { reason: sent.reason });
        return { outcome: 'failed', reason: sent.reason };
      case 'unknown':
        await this.messages.move(message, 'unknown', { reason: sent.reason });
        return { outcome: 'unknown', reason: sent.reason };
      case 'later':
        return this.retry({ ...message, attempts: message.attempts - 1 }, sent.reason);
    }
  }

  private async drop(message: TakenMessage, reason: string): Promise<Result> {
    await this.messages.move(message, 'dropped', { reason });
    return { outcome: 'dropped', reason };
  }
}
