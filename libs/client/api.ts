import { randomUUID } from 'node:crypto';

/** An answer that is not 2xx: a problem document (RFC 9457), or what came instead of one. */
export class Problem extends Error {
  override name = 'Problem';

  constructor(
    readonly status: number,
    readonly code: string,
    readonly body: Readonly<Record<string, unknown>>,
    request: string,
  ) {
    super(`${request} answered ${status} ${code}: ${String(body.detail ?? body.title ?? '')}`);
  }
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

type Json = Readonly<Record<string, unknown>>;

const ANSWER_MS_MAX = 30_000;

/** One caller of the public API. */
export class Api {
  token: string | undefined;

  constructor(readonly url: string) {}

  get<T>(path: string): Promise<T> {
    return this.call<T>('GET', path).then(({ body }) => body);
  }

  /** `key` is the Idempotency-Key: give one to send the same request again. */
  post<T>(path: string, body: Json = {}, key: string = randomUUID()): Promise<T> {
    return this.call<T>('POST', path, body, { 'idempotency-key': key }).then(({ body: answer }) => answer);
  }

  /** `version` is what has been seen, where the route wants If-Match. */
  put<T>(path: string, body: Json, version?: number): Promise<T> {
    return this.call<T>('PUT', path, body, seen(version)).then(({ body: answer }) => answer);
  }

  patch<T>(path: string, body: Json, version?: number): Promise<T> {
    return this.call<T>('PATCH', path, body, seen(version)).then(({ body: answer }) => answer);
  }

  delete<T>(path: string): Promise<T> {
    return this.call<T>('DELETE', path).then(({ body }) => body);
  }

  async call<T>(method: string, path: string, body?: Json, headers: Readonly<Record<string, string>> = {}): Promise<Answer<T>> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { ...(body && { 'content-type': 'application/json' }), ...(this.token && { authorization: `Bearer ${this.token}` }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    const text = await answer.text();
    const parsed = text === '' ? undefined : answer.headers.get('content-type')?.includes('json') ? asJson(text) : text;
    if (!answer.ok) {
      const problem = (typeof parsed === 'object' && parsed !== null ? parsed : { detail: text }) as Json; // An object, as was just seen.
      throw new Problem(answer.status, String(problem.code ?? 'unknown'), problem, `${method} ${path}`);
    }
    // The caller names the shape that the API documents.
    return { status: answer.status, headers: answer.headers, body: parsed as T };
  }
}

function seen(version: number | undefined): Record<string, string> {
  return version === undefined ? {} : { 'if-match': `"${version}"` };
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
