import { randomFillSync } from 'node:crypto';

const SPAN_BYTES = 8;
const BYTES = 16 + SPAN_BYTES;
/** Randomness is fetched for many requests at once: a call for each costs more than the rest of the door's bookkeeping. */
const POOL_BYTES = BYTES * 512;
const FORM = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/** A new span of the trace that the sender names, recorded if that is; or of a new one. */
export function traceparentFor(given: string | undefined): string {
  const random = nextRandom();
  const [, trace = random.toString('hex', SPAN_BYTES), flags = '01'] = (given && FORM.exec(given)) || [];
  return `00-${trace}-${random.toString('hex', 0, SPAN_BYTES)}-${flags}`;
}

function nextRandom(): Buffer {
  if (used + BYTES > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  used += BYTES;
  return pool.subarray(used - BYTES, used);
}
