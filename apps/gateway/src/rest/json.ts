import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import { invariant } from '@libs/kernel/invariant';
import type { IdPrefix } from '@libs/kernel/ids';
import type { MoneyMessage } from '@libs/kernel/money';
import { z } from 'zod';
import { PAGE_DEFAULT, PAGE_MAX } from '@libs/kernel/page-size';

/** The forms that all resources share. JSON fields that are absent are left out; none is null. */

export const PRICE_MAX = 9_999_999_999;

/** The pattern says what `uuidOf` says, so that it can be compiled and printed in OpenAPI. */
export function idOf(prefix: IdPrefix) {
  return z.string().regex(new RegExp(`^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$`), `This is not an id of the form ${prefix}_….`);
}

/** One line of text: no control characters, and not blank. */
export function line(max: number) {
  return z.string().max(max).regex(/^[^\u0000-\u001f\u007f]*$/, 'Control characters are not taken.').regex(/\S/, 'This must not be blank.');
}

/** Text that a person writes freely. What looks like a card number is refused: it does not belong here. */
export function freeText(max: number) {
  return z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\u0000-\u0009\u000b-\u001f\u007f]*$/, 'Control characters are not taken.')
    .refine((text) => !holdsCardNumber(text), 'This looks like a card number, which must not be sent here.');
}

function holdsCardNumber(text: string): boolean {
  return (text.match(/\d(?:[ -]?\d){12,18}/g) ?? []).some((found) => passesLuhn(found.replaceAll(/\D/g, '')));
}

function passesLuhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, i) => {
    const doubled = Number(digit) * (i % 2 === 0 ? 1 : 2);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

export const MoneyJson = z.strictObject({ amount: z.int().min(0).max(PRICE_MAX), currency: z.literal('USD') }).meta({ description: 'A whole count of minor units.' });
/** A price that a user names. */
export const PriceJson = z.strictObject({ amount: z.int().min(1).max(PRICE_MAX), currency: z.literal('USD') });
/** Of our own making: a loss may be below zero. */
export const AmountJson = z.object({ amount: z.int(), currency: z.string() });
export const InstantJson = z.string().meta({ format: 'date-time' });

export type Amount = z.output<typeof AmountJson>;

export function moneyMessage({ amount, currency }: z.output<typeof PriceJson>) {
  return { minor: BigInt(amount), currency };
}

export function amount(money: MoneyMessage | undefined): Amount {
  invariant(money, 'an answer lacks its amount');
  return { amount: safe(money.minor), currency: money.currency };
}

export function minorAmount(minor: bigint | undefined, currency: string): Amount | undefined {
  return minor === undefined ? undefined : { amount: safe(minor), currency };
}

export function safe(value: bigint): number {
  const number = Number(value);
  invariant(Number.isSafeInteger(number), `not a safe integer: ${value}`);
  return number;
}

export function instant(timestamp: Timestamp | undefined): string | undefined {
  return timestamp && timestampDate(timestamp).toISOString();
}

/** An instant that the contract promises. */
export function knownInstant(timestamp: Timestamp | undefined): string {
  invariant(timestamp, 'an answer lacks its instant');
  return timestampDate(timestamp).toISOString();
}

/** The version of the row, which `If-Match` names. */
export function etag(version: bigint): string {
  return `"${version}"`;
}

/** proto3 says "none" with an empty string; JSON says it by leaving the field out. */
export function orAbsent(text: string): string | undefined {
  return text === '' ? undefined : text;
}

/** A part of an answer that the contract promises. */
export function present<T>(part: T | undefined): T {
  invariant(part !== undefined, 'an answer lacks a part that its contract promises');
  return part;
}

/** A whole number in a query, where all values are text. */
export function queryInt(min: number, max: number) {
  return z
    .string()
    .regex(/^(0|[1-9]\d{0,15})$/, 'This is not a whole number.')
    .refine((text) => Number(text) >= min && Number(text) <= max, `This must be from ${min} to ${max}.`)
    .transform(Number)
    .meta({ type: 'integer', minimum: min, maximum: max });
}

const INSTANT = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,3})?Z$/;

/** An instant that a user names, in UTC. */
export const bodyInstant = z
  .string()
  .regex(INSTANT, 'This is not an instant such as 2026-01-31T12:00:00Z.')
  .refine((text) => !INSTANT.test(text) || new Date(text).toISOString().slice(0, 10) === text.slice(0, 10), 'The calendar has no such day.')
  .transform((text) => new Date(text));
export const queryInstant = bodyInstant.meta({ type: 'string', format: 'date-time' });

export const queryFlag = z.enum(['true', 'false']).transform((text) => text === 'true');

export const pageQuery = {
  limit: queryInt(1, PAGE_MAX).default(PAGE_DEFAULT),
  cursor: z.string().regex(/^[\x21-\x7e]{1,512}$/, 'This is not a cursor of ours.').optional(),
};

export const PageJson = z.object({ nextCursor: z.string().optional(), hasMore: z.boolean() });

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), page: PageJson });
}

export function page<T>(data: T[], nextCursor: string) {
  return { data, page: nextCursor === '' ? { hasMore: false } : { nextCursor, hasMore: true } };
}
