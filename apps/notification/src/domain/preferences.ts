import { type Channel, channels, describe, type EventName, eventNames, isFixed, isUsual, type Kind } from './catalogue';
import { type QuietHours, quietUntil } from './quiet-hours';

/** What somebody has chosen otherwise than usual, as `event/channel`. */
export type Choices = Readonly<Record<string, boolean>>;

export interface Preferences {
  readonly choices: Choices;
  /** Of the IANA database. */
  readonly timeZone: string;
  readonly quiet?: QuietHours;
}

export const usualPreferences: Preferences = { choices: {}, timeZone: 'UTC' };

export interface Choice {
  readonly event: EventName;
  readonly channel: Channel;
  readonly isOn: boolean;
  readonly isFixed: boolean;
}

export function isWanted({ choices }: Preferences, event: EventName, channel: Channel): boolean {
  if (isFixed(event, channel)) return true;
  return choices[`${event}/${channel}`] ?? isUsual(event, channel);
}

/** The whole matrix. */
export function matrixOf(preferences: Preferences): Choice[] {
  return eventNames.flatMap((event) => channels.map((channel) => ({ event, channel, isOn: isWanted(preferences, event, channel), isFixed: isFixed(event, channel) })));
}

export function channelsFor(kind: Kind, preferences: Preferences): Channel[] {
  const { event, channels: only } = describe(kind);
  return (only ?? channels).filter((channel) => isWanted(preferences, event, channel));
}

export interface ToSend {
  readonly kind: Kind;
  readonly channel: Channel;
  readonly plannedAt: Date;
}

export type Ruling = { readonly send: true } | { readonly holdUntil: Date } | { readonly drop: 'not_wanted' | 'out_of_date' };

const DAY_MS = 86_400_000;

/** Looked at once more when a message is about to go: its reader may have changed their mind, or be asleep. */
export function rule({ kind, channel, plannedAt }: ToSend, preferences: Preferences, now: Date): Ruling {
  const { event, isCritical, isOfTheMoment } = describe(kind);
  if (!isWanted(preferences, event, channel)) return { drop: 'not_wanted' };
  if (isOfTheMoment && now.getTime() - plannedAt.getTime() > DAY_MS) return { drop: 'out_of_date' };
  // The inbox makes no sound.
  const holdUntil = isCritical || channel === 'inbox' ? undefined : quietUntil(now, preferences);
  return holdUntil ? { holdUntil } : { send: true };
}

/** What can be switched off by the link in a mail. */
export function hasWayOut(kind: Kind): boolean {
  return hasWayOutOf(describe(kind).event);
}

export function hasWayOutOf(event: EventName): boolean {
  return !isFixed(event, 'email');
}
