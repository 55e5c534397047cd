/** Local times of day, `HH:MM`; from late to early goes over midnight. */
export interface QuietHours {
  readonly from: string;
  readonly until: string;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

/** When the reader's quiet hours end, if it is quiet there now. Where a clock is changed meanwhile the end is looked at again. */
export function quietUntil(now: Date, { quiet, timeZone }: { readonly quiet?: QuietHours; readonly timeZone: string }): Date | undefined {
  if (!quiet) return undefined;
  const [at, from, until] = [minuteOfDay(now, timeZone), minutes(quiet.from), minutes(quiet.until)];
  const isQuiet = from < until ? at >= from && at < until : at >= from || at < until;
  if (!isQuiet) return undefined;
  const left = (until - at + DAY_MINUTES) % DAY_MINUTES;
  return new Date(Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS + left * MINUTE_MS);
}

export function isTimeOfDay(text: string): boolean {
  return /^([01]\d|2[0-3]):[0-5]\d$/.test(text);
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '' && /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

function minuteOfDay(at: Date, timeZone: string): number {
  return minutes(new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at));
}

function minutes(time: string): number {
  const [hours = '0', rest = '0'] = time.split(':');
  return Number(hours) * 60 + Number(rest);
}
