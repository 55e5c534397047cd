import { z } from 'zod';
import type { Route } from '../src/door/route';
import { idOf } from './session-keys';

/** Requests that each route takes, made from its own schemas. */

type Json = Record<string, unknown>;

const WORDS = [
  'usr', 'adr', 'adv', 'ses', 'prd', 'mkt', 'bid', 'ask', 'ord', 'pm', 'pyt', 'ins', 'par', 'ntf', 'wls', 'alt', 'pfi', 'sav',
].map((prefix) => idOf(prefix, 1));
const TEXTS = ['a line', ...WORDS, 'ann@example.com', 'US', '2026-01-05', '2026-01-05T12:00:00Z', 'market_id,cost,currency,acquired_on', '+1 555 0100 200', 'https://example.com/pair.jpg', 'carrier', 'PW12345678', 'user.not_found', 'x'.repeat(43), '07:30', 'a-token-of-at-least-twenty-characters', 'order~payments~ord_1~3'];

/** A value that the schema takes. */
export function sampleOf(schema: z.ZodType, io: 'input' | 'output' = 'input'): unknown {
  return fromJsonSchema(z.toJSONSchema(schema, { io, unrepresentable: 'any' }));
}

function fromJsonSchema(schema: Json): unknown {
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (Array.isArray(schema.anyOf)) return fromJsonSchema(schema.anyOf[0] as Json);
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(Object.entries((schema.properties ?? {}) as Record<string, Json>).map(([name, property]) => [name, fromJsonSchema(property)]));
    case 'array':
      return Number(schema.minItems ?? 0) === 0 && !schema.items ? [] : [fromJsonSchema(schema.items as Json)];
    case 'integer':
    case 'number':
      return Math.max(1, Number(schema.minimum ?? 1));
    case 'boolean':
      return true;
    default:
      return textFor(schema);
  }
}

function textFor({ pattern, maxLength, allOf }: Json): string {
  const patterns = [pattern, ...((allOf ?? []) as Json[]).map((part) => part.pattern)].filter((part) => typeof part === 'string').map((part) => new RegExp(part, 'u'));
  const limit = Number(maxLength ?? 10_000);
  return TEXTS.find((text) => text.length <= limit && patterns.every((wanted) => wanted.test(text))) ?? 'a';
}

export interface SampleRequest {
  readonly path: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

export function sampleRequest({ path, params, query, body, idempotencyKey, ifMatch, raw }: Route): SampleRequest {
  const signature = raw?.signature;
  const given = params ? (sampleOf(params) as Record<string, string>) : {};
  const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => given[name] ?? 'x');
  return {
    path: query ? `${filled}${requiredQuery(query)}` : filled,
    body: raw ? '{}' : body && sampleOf(body),
    headers: { ...(idempotencyKey && { 'idempotency-key': 'a-key' }), ...(ifMatch && { 'if-match': '"1"' }), ...(signature && { [signature]: 't=1,v1=00' }) },
  };
}

function requiredQuery(schema: z.ZodType): string {
  const { required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as { required?: string[] };
  return required.length === 0 ? '' : `?${required.map((name) => `${name}=${idOf('mkt', 1)}`).join('&')}`;
}
