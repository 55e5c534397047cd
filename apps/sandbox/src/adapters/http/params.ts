import { z } from 'zod';
import { badRequest, Refusal, unknownParameter } from '../../domain/refusal';
import type { Form } from './form';

export const text = z.string().max(5_000);
export const count = z.string().regex(/^-?\d{1,15}$/, 'integer').transform(Number).pipe(z.number().int().min(1, 'positive').max(99_999_999_999));
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
export const currency = z.string().regex(/^[a-zA-Z]{3}$/).transform((value) => value.toLowerCase());
export const metadata = z.union([z.literal('').transform(() => ({})), z.record(z.string().max(40), z.string().max(500))]);
/** Facts that the sandbox keeps but never looks into, such as an address. */
export const anything = z.unknown().optional();

const expand = { expand: z.array(z.string()).optional() };
const seconds = z.string().regex(/^\d{1,12}$/, 'integer').transform(Number);

export function params<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject({ ...shape, ...expand });
}

export function listParams<S extends z.ZodRawShape>(shape: S) {
  return params({
    ...shape,
    limit: count.pipe(z.number().max(100)).optional(),
    starting_after: z.string().optional(),
    ending_before: z.string().optional(),
    created: z.union([seconds, z.strictObject({ gt: seconds.optional(), gte: seconds.optional(), lt: seconds.optional(), lte: seconds.optional() })]).optional(),
  });
}
export interface Page {
  readonly limit?: number | undefined;
  readonly starting_after?: string | undefined;
  readonly ending_before?: string | undefined;
  readonly created?: number | { readonly gt?: number | undefined; readonly gte?: number | undefined; readonly lt?: number | undefined; readonly lte?: number | undefined } | undefined;
}

export function parse<S extends z.ZodType>(schema: S, form: Form): z.output<S> {
  const result = schema.safeParse(form);
  if (result.success) return result.data;
  const { status, body } = refusalOf(result.error.issues[0], form);
  throw new InvalidParameters(status, body);
}

/** The call never began, so its idempotency key stays free. */
export class InvalidParameters extends Refusal {
  override name = 'InvalidParameters';
}

function refusalOf(issue: z.core.$ZodIssue | undefined, form: Form): Refusal {
  if (issue === undefined) return badRequest('Invalid request.');
  if (issue.code === 'unrecognized_keys') return unknownParameter(nameOf([...issue.path, issue.keys[0] ?? '']));
  const param = nameOf(issue.path);
  const value = issue.path.reduce<unknown>((inner, part) => (inner as Record<PropertyKey, unknown> | undefined)?.[part], form);
  if (value === undefined) return badRequest(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
  if (issue.message === 'integer') return badRequest(`Invalid integer: ${String(value)}`, { code: 'parameter_invalid_integer', param });
  if (issue.message === 'positive') return badRequest('This value must be greater than or equal to 1.', { code: 'parameter_invalid_integer', param });
  if (value === '') return badRequest(`You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; however '${param}' cannot be unset.`, { code: 'parameter_invalid_empty', param });
  return badRequest(`Invalid ${param}: ${issue.message}`, { param });
}

function nameOf(path: readonly PropertyKey[]): string {
  return path.map((part, at) => (at === 0 ? String(part) : `[${String(part)}]`)).join('');
}
