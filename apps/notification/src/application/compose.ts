import { Injectable } from '@nestjs/common';
import { describe } from '../domain/catalogue';
import { hasWayOut } from '../domain/preferences';
import { renderInbox, renderMail, renderSms } from '../domain/render';
import { Told } from '../domain/told';
import { words, type Words } from '../domain/words';
import { type Contact, type Mail, Sealing, Settings, type TakenMessage, type TextMessage } from './ports';

const INTERNATIONAL = /^\+[1-9]\d{6,14}$/;

/** Puts a message into the form in which its reader gets it. */
@Injectable()
export class Compose {
  constructor(
    private readonly sealing: Sealing,
    private readonly settings: Settings,
  ) {}

  mail(message: TakenMessage, contact: Contact): Mail {
    const { publicUrl } = this.settings;
    const { id, kind, userId, secrets } = message;
    const event = describe(kind).event;
    const unsubscribeUrl = hasWayOut(kind) ? `${publicUrl}/v1/unsubscribe/${this.sealing.unsubscribeToken(userId, event)}` : undefined;
    return { id, to: secrets?.to ?? contact.email, ...renderMail(wordsOf(message), { publicUrl, firstName: contact.firstName, unsubscribeUrl }), ...(unsubscribeUrl && { unsubscribeUrl }) };
  }

  /** Undefined for a number that is not an international one: nobody could say which country it is of. */
  text(message: TakenMessage, { phone }: Contact): TextMessage | undefined {
    const to = phone.replaceAll(/[ ()./-]/g, '');
    return INTERNATIONAL.test(to) ? { to, body: renderSms(wordsOf(message)) } : undefined;
  }

  inbox(message: TakenMessage) {
    return { ...renderInbox(wordsOf(message)), event: describe(message.kind).event };
  }
}

function wordsOf({ kind, facts, around, secrets, preferences }: TakenMessage): Words {
  return words[kind](new Told(facts, { ...around, ...(secrets && { token: secrets.token }) }, preferences.timeZone));
}
