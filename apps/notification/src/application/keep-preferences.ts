import { Injectable } from '@nestjs/common';
import { Transactions } from '@libs/postgres/transaction';
import { channels, isEventName, isFixed, isUsual, type EventName } from '../domain/catalogue';
import { eventUnknown, preferenceFixed, quietHoursEmpty, timeZoneUnknown, tokenInvalid } from '../domain/errors';
import { hasWayOutOf, type Preferences } from '../domain/preferences';
import { isTimeOfDay, isTimeZone } from '../domain/quiet-hours';
import { PreferenceBook, Sealing } from './ports';

export interface Wish {
  readonly choices: readonly { readonly event: string; readonly channel: string; readonly enabled: boolean }[];
  /** Empty: as it is. */
  readonly timeZone: string;
  /** Absent: none. */
  readonly quiet?: { readonly from: string; readonly until: string };
}

/** What somebody wants to be told, by which way and when. */
@Injectable()
export class KeepPreferences {
  constructor(
    private readonly book: PreferenceBook,
    private readonly transactions: Transactions,
    private readonly sealing: Sealing,
  ) {}

  of(userId: string): Promise<Preferences> {
    return this.book.of(userId);
  }

  async update(userId: string, wish: Wish): Promise<Preferences> {
    const { timeZone, quiet } = wish;
    if (timeZone !== '' && !isTimeZone(timeZone)) throw timeZoneUnknown(timeZone);
    if (quiet && !(isTimeOfDay(quiet.from) && isTimeOfDay(quiet.until) && quiet.from !== quiet.until)) throw quietHoursEmpty();
    const chosen = wish.choices.map(chosenOf);
    return this.transactions.run(async (tx) => {
      const before = await this.book.read(tx, userId);
      const choices = Object.fromEntries([...Object.entries(before.choices), ...chosen]);
      const preferences = { choices, timeZone: timeZone === '' ? before.timeZone : timeZone, ...(quiet && { quiet }) };
      await this.book.write(tx, userId, preferences);
      return preferences;
    });
  }

  /** The link in a mail. Followed twice it says the same. */
  async unsubscribe(token: string): Promise<EventName> {
    const opened = this.sealing.openUnsubscribeToken(token);
    if (!opened || !isEventName(opened.event) || !hasWayOutOf(opened.event)) throw tokenInvalid();
    await this.book.switchOff(opened.userId, opened.event, 'email');
    return opened.event;
  }
}

function chosenOf({ event, channel: name, enabled }: Wish['choices'][number]): [string, boolean] {
  const channel = channels.find((known) => known === name);
  if (!channel || !isEventName(event)) throw eventUnknown(event, name);
  if (!enabled && isFixed(event, channel) && isUsual(event, channel)) throw preferenceFixed(event, channel);
  return [`${event}/${channel}`, enabled];
}
