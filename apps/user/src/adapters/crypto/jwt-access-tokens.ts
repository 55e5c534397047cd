import { createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import { createSigner } from 'fast-jwt';
import { Injectable } from '@nestjs/common';
import { invariant } from '@libs/kernel/invariant';
import { AccessTokens } from '../../application/ports';
import { UserConfig } from '../../user.config';
import { type NamedKey, UserSecrets } from './secrets';

const TYPE = 'at+jwt';

@Injectable()
export class JwtAccessTokens extends AccessTokens {
  private readonly sign: (claims: Record<string, unknown>) => string;
  private readonly keys: string;

  constructor(config: UserConfig, { signingKeys }: UserSecrets) {
    super();
    const [current] = signingKeys;
    invariant(current, 'there is no signing key');
    const { JWT_ISSUER: iss, JWT_AUDIENCE: aud } = config.values;
    const key = current.value.export({ type: 'pkcs8', format: 'pem' }).toString();
    this.sign = createSigner({ algorithm: 'EdDSA', key, kid: current.kid, iss, aud, header: { alg: 'EdDSA', typ: TYPE, kid: current.kid } });
    this.keys = JSON.stringify({ keys: signingKeys.map(publicKey) });
  }

  issue({ userId, sessionId, roles }: { userId: string; sessionId: string; roles: readonly string[] }, from: Date, to: Date): string {
    return this.sign({ sub: userId, sid: sessionId, roles, jti: randomUUID(), iat: secondsOf(from), nbf: secondsOf(from), exp: secondsOf(to) });
  }

  keySet(): string {
    return this.keys;
  }
}

function publicKey({ kid, value }: NamedKey<KeyObject>): object {
  return { ...createPublicKey(value).export({ format: 'jwk' }), kid, alg: 'EdDSA', use: 'sig' };
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
