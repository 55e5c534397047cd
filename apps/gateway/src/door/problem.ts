import { AppError, type ErrorCode, errorKinds } from '@libs/kernel/app-error';

/** What is wrong with one field: a JSON pointer into the body, or `/query/…`, `/path/…`, `/headers/…`. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

/** A request that breaks its schema. Names every field. */
export class InvalidInput extends AppError {
  override name = 'InvalidInput';

  constructor(readonly errors: readonly FieldError[], code: ErrorCode = 'gateway.invalid_input') {
    super('invalid', code, 'The request does not have the form that this route wants.');
  }
}

/** A refusal in HTTP's own terms, for which there is no kind: 404 to 431, and 501. */
export class HttpRefusal extends Error {
  override name = 'HttpRefusal';

  constructor(
    readonly status: number,
    readonly code: ErrorCode,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** RFC 9457, with our fields. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly traceId: string;
  readonly retryable: boolean;
  readonly errors?: readonly FieldError[];
  /** What else the refusing service says, such as the price that now stands. */
  readonly details?: Readonly<Record<string, string>>;
}

export interface Where {
  readonly traceId: string;
  readonly instance: string;
}

const titles: Record<number, string> = {
  400: 'The request is malformed',
  401: 'A valid session is needed',
  403: 'This is not allowed',
  404: 'Nothing is here',
  405: 'This method does not exist here',
  408: 'The request took too long to arrive',
  409: 'The present state stands in the way',
  412: 'Somebody has changed this meanwhile',
  413: 'The body is too large',
  414: 'The address is too long',
  415: 'Only application/json is taken here',
  422: 'A rule forbids this content',
  428: 'The version must be named',
  429: 'Too many requests',
  431: 'The headers are too large',
  500: 'Something went wrong on our side',
  503: 'This part is not available at the moment',
};

const RETRYABLE = new Set([408, 429, 503]);

interface Refused {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly details?: Readonly<Record<string, string>>;
}

/** Every failure as a problem document. Of a bug it says nothing but that there was one. */
export function problemOf(error: unknown, { traceId, instance }: Where): Problem {
  const { status, code, detail, errors, details } = refusedOf(error);
  const problem = { type: `/problems/${code}`, title: titles[status] ?? 'The request failed', status, detail, instance, code, traceId, retryable: RETRYABLE.has(status) };
  return { ...problem, ...(errors && { errors }), ...(details && Object.keys(details).length > 0 && { details }) };
}

function refusedOf(error: unknown): Refused {
  if (error instanceof InvalidInput) return { status: 400, code: error.code, detail: error.message, errors: error.errors };
  if (error instanceof HttpRefusal) return { status: error.status, code: error.code, detail: error.message };
  if (error instanceof AppError) return { status: statusOf(error), code: error.code, detail: error.message, details: error.details };
  return frameworkRefusal(error) ?? { status: 500, code: 'gateway.internal', detail: 'The failure has been recorded under this trace id.' };
}

/** When it is worth trying again, in seconds: a service that is given a moment says how long. */
export function retryAfterOf(error: unknown): string {
  return (error instanceof AppError && error.details.retryAfterS) || '1';
}

/** Services know no 412: they say `<service>.stale` when the version that was named is not the row's. */
function statusOf({ kind, code }: AppError): number {
  return code.endsWith('.stale') ? 412 : errorKinds[kind].http;
}

const framework: Record<number, { code: string; detail: string }> = {
  400: { code: 'gateway.malformed', detail: 'The request cannot be read.' },
  404: { code: 'gateway.not_found', detail: 'There is no such route.' },
  408: { code: 'gateway.request_timeout', detail: 'The request did not arrive in time.' },
  413: { code: 'gateway.body_too_large', detail: 'The body is larger than this route takes.' },
  414: { code: 'gateway.url_too_long', detail: 'The address is longer than 2,048 characters.' },
  415: { code: 'gateway.content_type', detail: 'Send the body as application/json.' },
  431: { code: 'gateway.headers_too_large', detail: 'The headers are larger than 16 KiB in all.' },
};

/** Fastify's own errors carry a status; only what a client can cause is passed on. */
function frameworkRefusal(error: unknown): Refused | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('statusCode' in error)) return undefined;
  const { code, statusCode } = error;
  if (typeof code !== 'string' || !code.startsWith('FST_') || typeof statusCode !== 'number') return undefined;
  const known = framework[statusCode];
  return known && { status: statusCode, ...known };
}
