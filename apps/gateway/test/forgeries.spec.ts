import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { jwksJson, KID, signTestToken, ses, usr } from './session-keys';
import { ask, type RunningGateway, startGateway } from './start-gateway';

const SECRET = 'a shared secret of more than 32 bytes';
const [jwk] = (JSON.parse(jwksJson) as { keys: Record<string, string>[] }).keys;
const publicPem = createPublicKey({ key: jwk ?? {}, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
const publicDer = createPublicKey({ key: jwk ?? {}, format: 'jwk' }).export({ type: 'spki', format: 'der' });
const stranger = generateKeyPairSync('ed25519');
const MINUTE_S = 60;

type Json = Record<string, unknown>;
type Sign = (text: string) => Buffer;

const byHmac = (key: string | Buffer): Sign => (text) => createHmac('sha256', key).update(text).digest();
const byStranger: Sign = (text) => sign(null, Buffer.from(text), stranger.privateKey);
const part = (json: Json) => Buffer.from(JSON.stringify(json)).toString('base64url');

interface Setting {
  readonly alg: 'EdDSA' | 'HS256';
  readonly env: Readonly<Record<string, string>>;
  readonly header: Json;
  readonly sign: Sign;
}

const settings: readonly Setting[] = [
  { alg: 'EdDSA', env: {}, header: { alg: 'EdDSA', typ: 'at+jwt', kid: KID }, sign: signTestToken },
  { alg: 'HS256', env: { JWT_ALG: 'HS256', JWT_SECRET: SECRET }, header: { alg: 'HS256', typ: 'at+jwt' }, sign: byHmac(SECRET) },
];

/** Claims as the user service writes them, but for what a case changes. */
function claims(changes: Json = {}): Json {
  const now = Math.floor(new Date().getTime() / 1_000);
  return { sub: usr(1), sid: ses(1), roles: ['buyer'], iss: 'pairwise', aud: 'pairwise', jti: 'one', iat: now, nbf: now, exp: now + 15 * MINUTE_S, ...changes };
}

function token(header: Json, body: Json, by: Sign): string {
  const text = `${part(header)}.${part(body)}`;
  return `${text}.${by(text).toString('base64url')}`;
}

describe.each(settings)('with JWT_ALG=$alg', ({ env, header, sign: own, alg }) => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway({ user: { getAddresses: async () => ({ addresses: [] }), ...(alg === 'HS256' && { getKeys: async () => ({ jwksJson: '{"keys":[]}' }) }) }, env });
  }, 60_000);
  afterAll(() => gateway.stop());

  const status = async (sent: string) => (await ask(gateway.url, 'GET', '/v1/me/addresses', { token: sent })).status;
  const now = () => Math.floor(new Date().getTime() / 1_000);

  it('a token of the user service opens the door', async () => {
    expect(await status(token(header, claims(), own))).toBe(200);
  });

  it('the published keys are those that verify, and none with a shared secret', async () => {
    const { body } = await ask(gateway.url, 'GET', '/.well-known/jwks.json');
    expect(body.keys).toHaveLength(alg === 'EdDSA' ? 1 : 0);
    expect(JSON.stringify(body)).not.toContain(SECRET);
  });

  const forgeries: readonly (readonly [string, () => string])[] = [
    ['needs no signature', () => `${part({ ...header, alg: 'none' })}.${part(claims())}.`],
    ['needs no signature, and brings one', () => token({ ...header, alg: 'none' }, claims(), own)],
    ['names None', () => token({ ...header, alg: 'None' }, claims(), own)],
    ['takes the public key for a secret', () => token({ ...header, alg: 'HS256' }, claims(), byHmac(publicPem))],
    ['takes the public key\'s bytes for a secret', () => token({ ...header, alg: 'HS256' }, claims(), byHmac(publicDer))],
    ['takes the public key\'s x for a secret', () => token({ ...header, alg: 'HS256' }, claims(), byHmac(Buffer.from(jwk?.x ?? '', 'base64url')))],
    ['takes the key set for a secret', () => token({ ...header, alg: 'HS256' }, claims(), byHmac(jwksJson))],
    ['takes nothing for a secret', () => token({ ...header, alg: 'HS256' }, claims(), byHmac(''))],
    ['is of the other setting', () => (alg === 'EdDSA' ? token({ alg: 'HS256', typ: 'at+jwt', kid: KID }, claims(), byHmac(SECRET)) : token({ alg: 'EdDSA', typ: 'at+jwt', kid: KID }, claims(), signTestToken))],
    ['says the right algorithm and is signed by the other', () => token(header, claims(), alg === 'EdDSA' ? byHmac(SECRET) : signTestToken)],
    ['is signed by a stranger', () => token({ ...header, alg: 'EdDSA' }, claims(), byStranger)],
    ['brings its own key', () => token({ alg: 'EdDSA', typ: 'at+jwt', kid: 'mine', jwk: stranger.publicKey.export({ format: 'jwk' }) }, claims(), byStranger)],
    ['says where its key is', () => token({ alg: 'EdDSA', typ: 'at+jwt', kid: 'mine', jku: 'https://example.com/keys' }, claims(), byStranger)],
    ['has other claims under the signature', () => token(header, claims(), own).split('.').map((one, i) => (i === 1 ? part(claims({ roles: ['admin'] })) : one)).join('.')],
    ['is a plain JWT', () => token({ ...header, typ: 'JWT' }, claims(), own)],
    ['says no type', () => token(Object.fromEntries(Object.entries(header).filter(([name]) => name !== 'typ')), claims(), own)],
    ['is for somebody else', () => token(header, claims({ aud: 'elsewhere' }), own)],
    ['is for nobody', () => token(header, claims({ aud: undefined }), own)],
    ['is by somebody else', () => token(header, claims({ iss: 'elsewhere' }), own)],
    ['has expired', () => token(header, claims({ exp: now() - MINUTE_S, iat: now() - 20 * MINUTE_S, nbf: now() - 20 * MINUTE_S }), own)],
    ['never expires', () => token(header, claims({ exp: undefined }), own)],
    ['is not valid yet', () => token(header, claims({ nbf: now() + 5 * MINUTE_S }), own)],
    ['names no session', () => token(header, claims({ sid: undefined }), own)],
    ['names a role that does not exist', () => token(header, claims({ roles: ['root'] }), own)],
    ['is a refresh token', () => Buffer.alloc(32, 7).toString('base64url')],
  ];

  it.each(forgeries)('a token is refused that %s', async (_what, forged) => {
    expect(await status(forged())).toBe(401);
  });
});

it.each<Record<string, string>>([{ JWT_ALG: 'HS256' }, { JWT_ALG: 'HS256', JWT_SECRET: 'x'.repeat(31) }, { JWT_ALG: 'none' }])('one algorithm, with 256 bit of secret, is demanded of the configuration: %p does not start', async (env) => {
  await expect(startGateway({ env })).rejects.toThrow(/JWT_/);
});
