import { createHash } from 'node:crypto';

const SECRET_KEYS = /(pass(word|code|phrase)|secret|token|authorization|cookie|credential|(?<!dis)card|cvc|iban|e?mail|phone|address|street|first_?name|last_?name|full_?name|client_?secret|private_?key)/i;
/** Ids of secret things are not secret: logs are of no use without them. */
const ID_KEYS = /(id|ids|version|kind|count|code|type)$/i;
const JWT = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;
const BEARER = /\b(Bearer|Basic)\s+[\w.~+/=-]+/gi;
const EMAIL = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g;
const DIGITS = /\b\d(?:[ -]?\d){12,18}\b/g;
const USER_ID = /\busr_[0-9a-z]{26}\b/g;
const HASH_CHARACTERS = 12;
const DEPTH_MAX = 5;
const ITEMS_MAX = 50;

function isCardNumber(text: string): boolean {
  let sum = 0;
  const digits = text.replace(/\D/g, '');
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** One person's lines can be put together, and lead nobody to the person. */
function hashed(userId: string): string {
  return `usr#${createHash('sha256').update(userId).digest('hex').slice(0, HASH_CHARACTERS)}`;
}

export function redactText(text: string): string {
  return text
    .replace(JWT, '***')
    .replace(BEARER, '$1 ***')
    .replace(EMAIL, '***@***')
    .replace(USER_ID, hashed)
    .replace(DIGITS, (digits) => (isCardNumber(digits) ? '***' : digits));
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? error.code : undefined;
  return { type: name, message: redactText(message), code, stack: stack && redactText(stack), cause: cause === undefined ? undefined : redact(cause, depth + 1) };
}

/** What may stand in a log: no token, card, address or e-mail, whatever object it hides in. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (depth >= DEPTH_MAX) return '<deep>';
  if (Array.isArray(value)) return value.slice(0, ITEMS_MAX).map((item) => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, SECRET_KEYS.test(key) && !ID_KEYS.test(key) && item !== undefined ? '***' : redact(item, depth + 1)]),
  );
}
