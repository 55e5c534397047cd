import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createVerifier } from 'fast-jwt';
import { SystemWallClock } from '@libs/chassis/clocks';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { AesSealer } from '../src/adapters/crypto/aes-sealer';
import { HmacRefreshTokens } from '../src/adapters/crypto/hmac-refresh-tokens';
import { JwtAccessTokens } from '../src/adapters/crypto/jwt-access-tokens';
import { UserSecrets } from '../src/adapters/crypto/secrets';
import { UserConfig } from '../src/user.config';

const newFile = () => join(temporaryFolder('user'), 'secrets', 'user.json');
const configFor = (USER_SECRETS_FILE: string) => new UserConfig({ USER_SECRETS_FILE });
const secretsOf = (path: string) => new UserSecrets(configFor(path));

describe('the secrets of the service', () => {
  it('are made once, readable by their owner alone, and are the same after a restart', () => {
    const path = newFile();
    const first = secretsOf(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(secretsOf(path).passwordPepper).toEqual(first.passwordPepper);
    expect(secretsOf(newFile()).passwordPepper).not.toEqual(first.passwordPepper);
  });

  it('are not replaced when the file cannot be understood', () => {
    const path = newFile();
    secretsOf(path);
    const damaged = readFileSync(path, 'utf8').replace('passwordPepper', 'pepper');
    writeFileSync(path, damaged);
    expect(() => secretsOf(path)).toThrow();
    expect(readFileSync(path, 'utf8')).toBe(damaged);
  });

  it('may hold older keys: what they sealed and signed is still good, and new things take the first', () => {
    const path = newFile();
    const before = secretsOf(path);
    const sealed = new AesSealer(before).seal('1 Main St', 'a|b');
    const older = JSON.parse(readFileSync(path, 'utf8'));
    const fresh = newFile();
    secretsOf(fresh);
    const rotated = JSON.parse(readFileSync(fresh, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...older, dataKeys: [...rotated.dataKeys, ...older.dataKeys], signingKeys: [...rotated.signingKeys, ...older.signingKeys] }));
    const after = secretsOf(path);
    expect(new AesSealer(after).open(sealed, 'a|b')).toBe('1 Main St');
    expect(new AesSealer(after).seal('1 Main St', 'a|b').split('.')[0]).toBe(rotated.dataKeys[0].kid);
    const { keys } = JSON.parse(new JwtAccessTokens(configFor(path), after).keySet());
    expect(keys.map(({ kid }: { kid: string }) => kid)).toEqual([rotated.signingKeys[0].kid, older.signingKeys[0].kid]);
  });
});

describe('a sealed text', () => {
  const sealer = new AesSealer(secretsOf(newFile()));

  it('looks different every time, and opens only where it was sealed, unchanged', () => {
    const sealed = sealer.seal('1 Main St', 'addresses|usr_1|adv_1');
    expect(sealer.seal('1 Main St', 'addresses|usr_1|adv_1')).not.toBe(sealed);
    expect(sealer.open(sealed, 'addresses|usr_1|adv_1')).toBe('1 Main St');
    expect(() => sealer.open(sealed, 'addresses|usr_1|adv_2')).toThrow();
    const last = sealed.at(-3) === 'A' ? 'B' : 'A';
    expect(() => sealer.open(sealed.slice(0, -3) + last + sealed.slice(-2), 'addresses|usr_1|adv_1')).toThrow();
    expect(() => sealer.open(`other${sealed}`, 'addresses|usr_1|adv_1')).toThrow('key');
  });
});

describe('a refresh token', () => {
  it('has 256 bits, and its successor needs the token, the nonce and the key', () => {
    const [tokens, others] = [new HmacRefreshTokens(secretsOf(newFile())), new HmacRefreshTokens(secretsOf(newFile()))];
    const [token, nonce] = [tokens.fresh(), tokens.nonce()];
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    const successor = tokens.successor(token, nonce);
    expect(tokens.successor(token, nonce)).toBe(successor);
    for (const other of [tokens.successor(tokens.fresh(), nonce), tokens.successor(token, tokens.nonce()), others.successor(token, nonce)]) expect(other).not.toBe(successor);
  });
});

describe('access tokens with a shared secret', () => {
  it('are signed with HS256, and publish no key', () => {
    const JWT_SECRET = 'a secret of at least 32 characters';
    const config = new UserConfig({ JWT_ALG: 'HS256', JWT_SECRET });
    const tokens = new JwtAccessTokens(config, secretsOf(newFile()));
    const now = new SystemWallClock().now();
    const token = tokens.issue({ userId: 'usr_1', sessionId: 'ses_1', roles: ['buyer'] }, now, new Date(now.getTime() + 60_000));
    const verify = createVerifier({ key: JWT_SECRET, algorithms: ['HS256'], allowedIss: 'pairwise', allowedAud: 'pairwise', checkTyp: 'at+jwt' });
    expect(verify(token)).toMatchObject({ sub: 'usr_1', sid: 'ses_1', roles: ['buyer'] });
    expect(JSON.parse(tokens.keySet())).toEqual({ keys: [] });
    expect(JSON.stringify(config.values)).not.toContain(JWT_SECRET);
  });

  it('need a secret that is long enough', () => {
    expect(() => new UserConfig({ JWT_ALG: 'HS256' })).toThrow('JWT_SECRET');
    expect(() => new UserConfig({ JWT_ALG: 'HS256', JWT_SECRET: 'short' })).toThrow('JWT_SECRET');
  });
});

describe('the configuration', () => {
  it('allows a cheap password hash in tests only', () => {
    expect(() => new UserConfig({ BCRYPT_COST: '4' })).toThrow('BCRYPT_COST');
    expect(() => new UserConfig({ BCRYPT_COST: '3', NODE_ENV: 'test' })).toThrow('BCRYPT_COST');
    expect(new UserConfig({ BCRYPT_COST: '4', NODE_ENV: 'test' }).values.BCRYPT_COST).toBe(4);
    expect(new UserConfig({}).values.BCRYPT_COST).toBe(12);
  });
});
