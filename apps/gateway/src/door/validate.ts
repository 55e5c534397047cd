import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import { z } from 'zod';
import { pointerToken } from './json-body';
import { type FieldError, HttpRefusal, InvalidInput } from './problem';
import type { Route } from './route';

/** Reads one part of a request, or throws `InvalidInput`. */
export type Reader = (value: unknown) => unknown;

/** The usual way: zod, which also turns query text into numbers. `at` is put before the pointers. */
export function zodReader(schema: z.ZodType, at = ''): Reader {
  return (value) => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    throw new InvalidInput(result.error.issues.flatMap((issue) => fieldErrors(issue, at)));
  };
}

function fieldErrors(issue: z.core.$ZodIssue, at: string): FieldError[] {
  const pointer = at + issue.path.map((part) => `/${pointerToken(String(part))}`).join('');
  if (issue.code !== 'unrecognized_keys') return [{ pointer, detail: issue.message }];
  return issue.keys.map((key) => ({ pointer: `${pointer}/${pointerToken(key)}`, detail: 'There is no such field.' }));
}

const ajv = new Ajv({ coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: true, strict: true, strictTypes: false });

export function jsonSchema(schema: z.ZodType, io: 'input' | 'output' = 'input'): Record<string, unknown> {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { target: 'draft-7', io });
  return json;
}

/** The hot way: the same schema compiled. Only for schemas without transformations; a property test holds it to zod's verdicts. */
export function compiledReader(schema: z.ZodType): Reader {
  const validate: ValidateFunction = ajv.compile(jsonSchema(schema));
  return (value) => {
    if (validate(value)) return value;
    throw new InvalidInput((validate.errors ?? []).map(ajvFieldError));
  };
}

function ajvFieldError({ instancePath, keyword, params, message }: ErrorObject): FieldError {
  if (keyword === 'additionalProperties') return { pointer: `${instancePath}/${pointerToken(String(params.additionalProperty))}`, detail: 'There is no such field.' };
  if (keyword === 'required') return { pointer: `${instancePath}/${pointerToken(String(params.missingProperty))}`, detail: 'This field is missing.' };
  return { pointer: instancePath, detail: `This ${message ?? 'is not valid'}.` };
}

export function queryReader(schema: z.ZodType | undefined): Reader {
  const read = zodReader(schema ?? z.strictObject({}), '/query');
  return schema ? read : (value) => (isEmpty(value) ? undefined : read(value));
}

function isEmpty(value: unknown): boolean {
  for (const _name in value as object) return false; // Fastify always gives an object without a prototype of its own fields.
  return true;
}

/** An id in a path that is no id at all names nothing, as one that nobody has. */
export function pathReader(schema: z.ZodType | undefined): Reader {
  if (!schema) return () => undefined;
  return (value) => {
    const result = schema.safeParse(value);
    if (!result.success) throw new HttpRefusal(404, 'gateway.not_found', 'There is nothing by this name.');
    return result.data;
  };
}

export function bodyReader({ raw, body, hot }: Pick<Route, 'raw' | 'body' | 'hot'>): Reader {
  if (raw) return (value) => (Buffer.isBuffer(value) ? value : Buffer.alloc(0));
  if (!body) return noBody;
  return hot ? compiledReader(body) : zodReader(body);
}

/** An empty object says nothing either. */
const noBody: Reader = (value) => {
  if (value === undefined || value === null) return undefined;
  return zodReader(z.strictObject({}))(value) && undefined;
};
