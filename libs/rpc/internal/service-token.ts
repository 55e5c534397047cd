import { createPublicKey } from 'node:crypto';
import { createDecoder, createSigner, createVerifier } from 'fast-jwt';
import type { ServiceName } from '@libs/contracts/events';
import type { WallClock } from '@libs/kernel/clock';
import type { Jwks } from '../service-keys';
import { isServiceName, unauthenticated } from './caller';

const LIFETIME_MS = 60_000;
/** A token is replaced while it is still good for this long, so that none arrives expired. */
const RENEW_BEFORE_MS = 20_000;
const SKEW_MS = 5_000;
const VERIFIED_MAX = 1_000;
const TYPE = 'service+jwt';

type Sign = (claims: { aud: string }) => string;
type Verify = (token: string) => unknown;

/** Says which service we are. One token serves all calls to an audience until it ages. */
export class ServiceTokens {
  private readonly sign: Sign;
  private readonly held = new Map<string, { token: string; until: number }>();

  constructor(
    service: ServiceName,
    privateKeyPem: string,
    private readonly wall: WallClock,
  ) {
    this.sign = createSigner({ algorithm: 'EdDSA', key: privateKeyPem, kid: service, iss: service, expiresIn: LIFETIME_MS, header: { alg: 'EdDSA', typ: TYPE, kid: service } });
  }

  for(audience: ServiceName): string {
    const now = this.wall.now().getTime();
    const held = this.held.get(audience);
    if (held && held.until > now) return held.token;
    const token = this.sign({ aud: audience });
    this.held.set(audience, { token, until: now + LIFETIME_MS - RENEW_BEFORE_MS });
    return token;
  }
}

/** Believes a service token only when that service's own key signed it, for us, lately. */
export class ServiceTokenVerifier {
  private readonly verifiers: ReadonlyMap<string, Verify>;
  private readonly decode = createDecoder({ complete: true });

  constructor(audience: ServiceName, jwks: Jwks) {
    this.verifiers = new Map(jwks.keys.map((key) => [String(key.kid), verifierOf(key, audience)]));
  }

  verify(token: string | undefined): ServiceName {
    if (!token) throw unauthenticated('No service token.');
    const service = this.issuerOf(token);
    try {
      this.verifiers.get(service)?.(token);
    } catch {
      // Which of its parts is wrong is the forger's business to find out.
      throw unauthenticated('The service token does not hold.');
    }
    return service;
  }

  private issuerOf(token: string): ServiceName {
    let kid: unknown;
    try {
      kid = (this.decode(token) as { header: { kid?: unknown } }).header.kid;
    } catch {
      throw unauthenticated('The service token cannot be read.');
    }
    if (!isServiceName(kid) || !this.verifiers.has(kid)) throw unauthenticated('The service token names no service of ours.');
    return kid;
  }
}

function verifierOf(key: Record<string, unknown>, audience: ServiceName): Verify {
  const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
  return createVerifier({
    key: pem,
    algorithms: ['EdDSA'],
    allowedIss: String(key.kid),
    allowedAud: audience,
    checkTyp: TYPE,
    requiredClaims: ['iss', 'aud', 'exp', 'iat'],
    maxAge: LIFETIME_MS,
    clockTolerance: SKEW_MS,
    cache: VERIFIED_MAX,
  });
}
