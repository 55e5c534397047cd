import { createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import { createSigner } from 'fast-jwt';
import { Injectable } from '@nestjs/common';
import { invariant } from '@libs/kernel/invariant';
import { AccessTokens } from '../../application/ports';
import { UserConfig } from '../../user.config';
import { type NamedKey, UserSecrets } from './secrets';

const TYPE = 'at+jwt';

type Sign = (claims: Record<string, unknown>) => string;

/** Ed25519 unless configured otherwise: then only this service can make tokens, and everybody can check them. With a shared secret, whoever can check can make. */
@Injectable()
export class JwtAccessTokens extends AccessTokens {
  private readonly sign: Sign;
  private readonly keys: string;

  constructor({ values }: UserConfig, { signingKeys }: UserSecrets) {
    super();
    const isShared = values.JWT_ALG === 'HS256';
    this.sign = isShared ? sharedSigner(values) : ownSigner(values, signingKeys);
    this.keys = JSON.stringify({ keys: isShared ? [] : signingKeys.map(publicKey) });
  }

  issue({ userId, sessionId, roles }: { userId: string; sessionId: string; roles: readonly string[] }, from: Date, to: Date): string {
    return this.sign({ sub: userId, sid: sessionId, roles, jti: randomUUID(), iat: secondsOf(from), nbf: secondsOf(from), exp: secondsOf(to) });
  }

  keySet(): string {
    return this.keys;
  }
}

function ownSigner({ JWT_ISSUER: iss, JWT_AUDIENCE: aud }: UserConfig['values'], [current]: readonly NamedKey<KeyObject>[]): Sign {
  invariant(current, 'there is no signing key');
  const key = current.value.export({ type: 'pkcs8', format: 'pem' }).toString();
  return createSigner({ algorithm: 'EdDSA', key, iss, aud, header: { alg: 'EdDSA', typ: TYPE, kid: current.kid } });
}

function sharedSigner({ JWT_ISSUER: iss, JWT_AUDIENCE: aud, JWT_SECRET }: UserConfig['values']): Sign {
  invariant(JWT_SECRET, 'there is no shared secret');
  return createSigner({ algorithm: 'HS256', key: JWT_SECRET.reveal(), iss, aud, header: { alg: 'HS256', typ: TYPE } });
}

function publicKey({ kid, value }: NamedKey<KeyObject>): object {
  return { ...createPublicKey(value).export({ format: 'jwk' }), kid, alg: 'EdDSA', use: 'sig' };
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
