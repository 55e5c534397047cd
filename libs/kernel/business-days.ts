/** Days without work, in UTC: `YYYY-MM-DD` is one day, `MM-DD` that day of every year. */
export type Holidays = ReadonlySet<string>;

const DAY_MS = 86_400_000;

/** The same time of day, `days` business days later. Business days are Monday to Friday in UTC without holidays (rules 5.9). */
export function addBusinessDays(from: Date, days: number, holidays: Holidays): Date {
  let at = from;
  for (let left = days; left > 0; ) {
    at = new Date(at.getTime() + DAY_MS);
    if (isBusinessDay(at, holidays)) left -= 1;
  }
  return at;
}

function isBusinessDay(at: Date, holidays: Holidays): boolean {
  const weekday = at.getUTCDay();
  const day = at.toISOString().slice(0, 10);
  return weekday !== 0 && weekday !== 6 && !holidays.has(day) && !holidays.has(day.slice('YYYY-'.length));
}
