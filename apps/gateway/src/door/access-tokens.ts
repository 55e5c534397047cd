import { createPublicKey, createSecretKey, type JsonWebKey } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { AppError } from '@libs/kernel/app-error';
import { WallClock } from '@libs/kernel/clock';
import { uuidOf } from '@libs/kernel/ids';
import { type CallUser, roles } from '@libs/rpc/call-context';
import { Rpc } from '@libs/rpc/rpc';
import { createDecoder, createVerifier } from 'fast-jwt';
import { z } from 'zod';
import { GatewayConfig } from '../gateway.config';

const VERIFIED_MAX = 10_000;
const TOKEN_CHARS_MAX = 4_096;
const RELOAD_EVERY_MS = 1_000;
const LEEWAY_MS = 5_000;

const HS256_KID = '';

const Jwks = z.object({ keys: z.array(z.looseObject({ kid: z.string(), kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() })) });
const Claims = z.object({
  sub: z.string().refine((id) => uuidOf('usr', id)),
  sid: z.string().refine((id) => uuidOf('ses', id)),
  roles: z.array(z.enum(roles)),
  exp: z.number(),
});

interface Verified {
  readonly user: CallUser;
  readonly expiresAtMs: number;
}

const refused = () => new AppError('unauthenticated', 'gateway.token_invalid', 'The access token is missing, expired or not ours.');

/** Believes an access token when one of the user service's keys signed it. Only signatures are remembered, never that a session lives. */
@Injectable()
export class AccessTokens {
  private readonly verified = new Map<string, Verified>();
  private readonly decode = createDecoder({ complete: true });
  private verifiers = new Map<string, (token: string) => unknown>();
  private loading: Promise<void> | undefined;
  private loadedAtMs = Number.NEGATIVE_INFINITY;
  private jwks = '{"keys":[]}';

  constructor(
    private readonly rpc: Rpc,
    private readonly clock: WallClock,
    private readonly config: GatewayConfig,
  ) {}

  /** Synchronous for a token that was seen before, which on the busy paths is every one. */
  read(token: string): CallUser | Promise<CallUser> {
    const known = this.verified.get(token);
    if (!known) return this.verify(token);
    if (known.expiresAtMs > this.clock.now().getTime()) return known.user;
    this.verified.delete(token);
    throw refused();
  }

  /** What a client may verify our tokens with. */
  async publicKeys(): Promise<unknown> {
    await this.load();
    return JSON.parse(this.jwks);
  }

  private async verify(token: string): Promise<CallUser> {
    if (token.length > TOKEN_CHARS_MAX) throw refused();
    const check = await this.verifierFor(this.kidOf(token));
    const claims = Claims.safeParse(attempt(() => check?.(token)));
    if (!claims.success) throw refused();
    const { sub, sid, roles: held, exp } = claims.data;
    const user: CallUser = { id: sub, sessionId: sid, roles: held };
    this.remember(token, { user, expiresAtMs: exp * 1_000 });
    return user;
  }

  private remember(token: string, verified: Verified): void {
    if (this.verified.size >= VERIFIED_MAX) for (const oldest of this.verified.keys()) {
      this.verified.delete(oldest);
      break;
    }
    this.verified.set(token, verified);
  }

  private kidOf(token: string): string {
    if (this.config.values.JWT_ALG === 'HS256') return HS256_KID;
    const Header = z.object({ header: z.object({ kid: z.string() }) });
    const decoded = Header.safeParse(attempt(() => this.decode(token)));
    if (!decoded.success) throw refused();
    return decoded.data.header.kid;
  }

  /** A key that is not known may be new: the keys are read again, but not for every stranger's token. */
  private async verifierFor(kid: string): Promise<((token: string) => unknown) | undefined> {
    const isDue = this.clock.now().getTime() - this.loadedAtMs >= RELOAD_EVERY_MS;
    if (!this.verifiers.has(kid) && isDue) await this.load();
    return this.verifiers.get(kid);
  }

  private load(): Promise<void> {
    this.loading ??= this.fetch().finally(() => {
      this.loading = undefined;
    });
    return this.loading;
  }

  private async fetch(): Promise<void> {
    const { JWT_ALG, JWT_SECRET } = this.config.values;
    if (JWT_ALG === 'HS256' && JWT_SECRET) {
      this.verifiers = new Map([[HS256_KID, this.verifier(createSecretKey(Buffer.from(JWT_SECRET.reveal())).export(), 'HS256')]]);
    } else {
      const { jwksJson } = await this.rpc.client(UserService).getKeys({});
      const { keys } = Jwks.parse(JSON.parse(jwksJson));
      this.verifiers = new Map(keys.map((key) => [key.kid, this.verifier(pemOf(key), 'EdDSA')]));
      this.jwks = jwksJson;
    }
    this.loadedAtMs = this.clock.now().getTime();
  }

  /** Exactly one algorithm is accepted, whatever the token's header says. */
  private verifier(key: string | Buffer, algorithm: 'EdDSA' | 'HS256'): (token: string) => unknown {
    const { JWT_ISSUER: allowedIss, JWT_AUDIENCE: allowedAud } = this.config.values;
    return createVerifier({ key, algorithms: [algorithm], allowedIss, allowedAud, requiredClaims: ['exp', 'sub', 'sid', 'iss', 'aud'], checkTyp: 'at+jwt', clockTolerance: LEEWAY_MS });
  }
}

function pemOf(key: JsonWebKey): string {
  return createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
}

/** What fast-jwt throws says why a forged token fails; that is the forger's business to find out. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
