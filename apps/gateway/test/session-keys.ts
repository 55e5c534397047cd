import { generateKeyPairSync, sign } from 'node:crypto';
import { createSigner } from 'fast-jwt';
import type { Role } from '@libs/rpc/call-context';

/** What the user service signs access tokens with, for tests. */

export const KID = 'test-key';
const pair = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
export const jwksJson = JSON.stringify({ keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: KID, alg: 'EdDSA', use: 'sig' }] });

/** For tokens that are put together by hand. */
export const signTestToken = (text: string): Buffer => sign(null, Buffer.from(text), pair.privateKey);

const id = (prefix: string, n: number) => `${prefix}_${String(n).padStart(26, '0')}`;
export const usr = (n: number) => id('usr', n);
export const ses = (n: number) => id('ses', n);
export const idOf = id;

interface TokenOptions {
  readonly n?: number;
  readonly roles?: readonly Role[];
  readonly expiresIn?: number;
  readonly issuer?: string;
  readonly type?: string;
  readonly forged?: boolean;
}

/** Session and user `n`. */
export function accessToken({ n = 1, roles = ['buyer', 'seller'], expiresIn = 900_000, issuer = 'pairwise', type = 'at+jwt', forged = false }: TokenOptions = {}): string {
  const key = (forged ? stranger : pair).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signed = createSigner({ algorithm: 'EdDSA', key, kid: KID, iss: issuer, aud: 'pairwise', expiresIn, header: { alg: 'EdDSA', typ: type, kid: KID } });
  return signed({ sub: usr(n), sid: ses(n), roles });
}
