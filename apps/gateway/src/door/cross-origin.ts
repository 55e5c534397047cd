/** What scripts of other origins may see of an answer. */
export const EXPOSED_HEADERS = ['ETag', 'Location', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'Idempotent-Replayed', 'X-Request-Id'] as const;

/** The headers that `@fastify/cors` gives to any request but a preflight. A test holds the two together. */
export function crossOriginHeaders(allowed: readonly string[], origin: string | undefined): readonly string[] {
  const exposed = ['Vary', 'Origin', 'Access-Control-Expose-Headers', EXPOSED_HEADERS.join(', ')];
  return origin !== undefined && allowed.includes(origin) ? [...exposed, 'Access-Control-Allow-Origin', origin] : exposed;
}
