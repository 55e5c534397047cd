import type { Holidays } from '@libs/kernel/business-days';
import { z } from 'zod';

/** Fewer than the working days of a year, so that business days never run out. */
const HOLIDAYS_MAX = 100;
const LEAP_YEAR = '2028-';

const isDay = (day: string): boolean => z.iso.date().safeParse(day.length === 'MM-DD'.length ? LEAP_YEAR + day : day).success;

/** The key of the services that count business days: what is set for the exchange holds for all of them. */
export const holidayKeys = {
  /** Christmas and New Year's Day unless given. */
  HOLIDAYS: z.string().default('12-25,01-01')
    .transform((text) => text.split(',').map((day) => day.trim()))
    .refine((days) => days.length <= HOLIDAYS_MAX && days.every(isDay), `must be at most ${HOLIDAYS_MAX} days by commas, each YYYY-MM-DD, or MM-DD for every year`)
    .transform((days): Holidays => new Set(days)),
};
