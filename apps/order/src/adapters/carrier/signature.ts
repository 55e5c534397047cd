import { createHmac, timingSafeEqual } from 'node:crypto';

const TOLERANCE_S = 300;
const FORM = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/;

/** Whether `signature` was made over exactly these bytes by somebody who knows the secret, less than 300 seconds ago. */
export function isSigned(body: Uint8Array, signature: string, secret: string, now: Date): boolean {
  const [, time = '', given = ''] = FORM.exec(signature) ?? [];
  if (given === '' || Math.abs(now.getTime() / 1_000 - Number(time)) > TOLERANCE_S) return false;
  const expected = createHmac('sha256', secret).update(`${time}.`).update(body).digest();
  return timingSafeEqual(expected, Buffer.from(given, 'hex'));
}
