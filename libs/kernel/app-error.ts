/** The kinds of refusal that a caller can act on. Each is one row: gRPC code, HTTP status, and whether the same request may succeed later. */
export const errorKinds = {
  invalid: { grpc: 3, http: 400, retryable: false },
  unauthenticated: { grpc: 16, http: 401, retryable: false },
  forbidden: { grpc: 7, http: 403, retryable: false },
  not_found: { grpc: 5, http: 404, retryable: false },
  conflict: { grpc: 10, http: 409, retryable: false },
  rejected: { grpc: 9, http: 422, retryable: false },
  rate_limited: { grpc: 8, http: 429, retryable: true },
  unavailable: { grpc: 14, http: 503, retryable: true },
} as const satisfies Record<string, { grpc: number; http: number; retryable: boolean }>;

export type ErrorKind = keyof typeof errorKinds;
export type ErrorCode = `${string}.${string}`;

/** An expected refusal. `code` is the stable name that clients switch on, such as `bidding.self_match`. */
export class AppError extends Error {
  override name = 'AppError';

  constructor(
    readonly kind: ErrorKind,
    readonly code: ErrorCode,
    message: string,
    readonly details: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  /** Whether the same request, sent again with the same key, may succeed. */
  get retryable(): boolean {
    return errorKinds[this.kind].retryable;
  }
}
