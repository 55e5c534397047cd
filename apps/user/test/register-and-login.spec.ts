import { createHmac, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashSync } from 'bcrypt';
import { createDecoder, createVerifier } from 'fast-jwt';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { uuidOf } from '@libs/kernel/ids';
import { Transactions } from '@libs/postgres/transaction';
import { until } from '@libs/testing/exchange-process';
import type { TestService } from '@libs/testing/start-test-service';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { FIREFOX, found, newEmail, PASSWORD, Person, START_MS_MAX, startUserService } from './people';

const secrets = join(temporaryFolder('user'), 'user.json');
let service: TestService;
beforeAll(async () => {
  service = await startUserService({ BCRYPT_COST: '5', USER_SECRETS_FILE: secrets });
}, START_MS_MAX);
afterAll(() => service.stop());

const anyone = () => service.client(UserService);
const login = (email: string, password: string) => anyone().login({ email, password, client: FIREFOX });

describe('registering', () => {
  it('opens an account that may buy and sell, with a session, and announces it without a name or an address', async () => {
    const ann = await Person.registers(service);
    expect(ann.user).toMatchObject({ firstName: 'Ann', roles: ['buyer', 'seller'], emailVerified: false, suspended: false, version: 1n });
    expect(await ann.isLoggedIn()).toBe(true);
    const [event] = (await service.publishedOf('user.registered')).filter(({ key }) => key === ann.user.id);
    expect(Object.keys(found(event).event).sort()).toEqual(['$typeName', 'registeredAt', 'userId']);
  });

  it('takes an e-mail address once, however it is spelled, also when two try at once', async () => {
    const email = newEmail();
    const tries = await Promise.allSettled([email, ` ${email.toUpperCase()} `, email.replace('ann', 'Ａnn')].map((one) => Person.registers(service, one)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const attempt of tries) if (attempt.status === 'rejected') expect(attempt.reason).toMatchObject({ code: 'user.email_taken', kind: 'conflict' });
  });

  it.each([['short', 'too_short'], ['Password123', 'common'], ['x'.repeat(257), 'too_long'], ['ann.miller', 'personal']])('refuses the password %p', async (password, reason) => {
    const request = anyone().register({ email: 'ann.miller@example.org', password, client: FIREFOX });
    await expect(request).rejects.toMatchObject({ code: 'user.password_weak', details: { reason } });
  });
});

describe('logging in', () => {
  it('works with the password that was chosen, every one of its characters', async () => {
    const email = newEmail();
    const password = 'é'.repeat(60) + 'The tail counts';
    await anyone().register({ email, password, client: FIREFOX });
    expect((await login(email.toUpperCase(), password)).user?.email).toBe(email);
    expect((await login(email, password.normalize('NFD'))).user?.email).toBe(email);
    await expect(login(email, password.replace('tail', 'tale'))).rejects.toMatchObject({ code: 'user.credentials_wrong' });
  });

  it('refuses an unknown address and a wrong password with the same words', async () => {
    const { user } = await Person.registers(service);
    const refusals = await Promise.allSettled([login(user.email, 'wrong horse battery'), login(newEmail('nobody'), PASSWORD)]);
    const [wrong, unknown] = refusals.map((one) => (one.status === 'rejected' ? one.reason : undefined));
    expect(wrong).toMatchObject({ kind: 'unauthenticated', code: 'user.credentials_wrong' });
    expect({ ...unknown, message: unknown.message }).toEqual({ ...wrong, message: wrong.message });
  });

  it('gives an access token of 15 minutes that everybody can check with the published key, and nobody can make', async () => {
    const ann = await Person.registers(service);
    const { keys } = JSON.parse((await anyone().getKeys({})).jwksJson);
    expect(keys).toEqual([expect.objectContaining({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' })]);
    expect(keys[0]).not.toHaveProperty('d');
    const key = createPublicKey({ key: keys[0], format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
    const verify = createVerifier({ key, algorithms: ['EdDSA'], allowedIss: 'pairwise', allowedAud: 'pairwise', checkTyp: 'at+jwt' });
    const claims = verify(ann.tokens.accessToken);
    expect(claims).toMatchObject({ sub: ann.user.id, sid: ann.tokens.sessionId, roles: ['buyer', 'seller'], jti: expect.stringMatching(/^[\w-]{16,}$/) });
    expect(claims.exp - claims.iat).toBe(900);
    expect(BigInt(claims.exp)).toBe(ann.tokens.accessExpiresAt?.seconds);
    expect(createDecoder({ complete: true })(ann.tokens.accessToken).header).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: keys[0].kid });
    const forged = ann.tokens.accessToken.split('.');
    const admin = Buffer.from(JSON.stringify({ ...claims, roles: ['admin'] })).toString('base64url');
    expect(() => verify([forged[0], admin, forged[2]].join('.'))).toThrow('signature');
  });

  it('keeps the 20 newest sessions, and shows them with the one that asks marked', async () => {
    const ann = await Person.registers(service);
    const later: Person[] = [];
    for (let n = 0; n < 20; n++) later.push(await ann.logsInAgain());
    expect(await ann.isLoggedIn()).toBe(false);
    const { sessions } = await found(later[3]).asks.getSessions({});
    expect(sessions).toHaveLength(20);
    expect(sessions.filter(({ current }) => current).map(({ id }) => id)).toEqual([found(later[3]).tokens.sessionId]);
    expect(sessions[0]).toMatchObject({ id: found(later[19]).tokens.sessionId, userAgent: 'Firefox', ip: '203.0.113.7' });
  });

  it('makes an older, cheaper hash as strong as a new one', async () => {
    const ann = await Person.registers(service);
    const { passwordPepper } = JSON.parse(readFileSync(secrets, 'utf8'));
    const peppered = createHmac('sha256', Buffer.from(passwordPepper, 'base64')).update(PASSWORD).digest('base64');
    const id = uuidOf('usr', ann.user.id);
    await service.sql.query('update users set password_hash = $2 where id = $1', [id, hashSync(peppered, 4)]);
    await ann.logsInAgain();
    expect(await service.sql.query('select left(password_hash, 7) as hash from users where id = $1', [id])).toEqual([{ hash: '$2b$05$' }]);
    await ann.logsInAgain();
  });
});

describe('changing the password', () => {
  it('needs the old one, ends every other session, and keeps the one that asks', async () => {
    const ann = await Person.registers(service);
    const phone = await ann.logsInAgain();
    await expect(ann.asks.changePassword({ currentPassword: 'wrong horse battery', newPassword: 'a better horse' })).rejects.toMatchObject({ code: 'user.credentials_wrong' });
    await expect(ann.asks.changePassword({ currentPassword: PASSWORD, newPassword: 'password1' })).rejects.toMatchObject({ code: 'user.password_weak' });
    expect(await phone.isLoggedIn()).toBe(true);
    await ann.asks.changePassword({ currentPassword: PASSWORD, newPassword: 'a better horse' });
    expect([await ann.isLoggedIn(), await phone.isLoggedIn()]).toEqual([true, false]);
    await expect(login(ann.user.email, PASSWORD)).rejects.toMatchObject({ code: 'user.credentials_wrong' });
    expect((await login(ann.user.email, 'a better horse')).user?.id).toBe(ann.user.id);
  });
});

describe('logging in while the password is being changed', () => {
  it('fails with the old one, although it was still right when it was compared', async () => {
    const ann = await Person.registers(service);
    const id = uuidOf('usr', ann.user.id);
    const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    let isLocked = () => {};
    const locked = new Promise<void>((resolve) => (isLocked = resolve));
    const change = service.app.get(Transactions).run(async (tx) => {
      await service.sql.in(tx).query('select 1 from users where id = $1 for update', [id]);
      isLocked();
      await until('the login waits for the change', 25_000, async () => (await service.sql.query(waiting)).length > 0);
      await service.sql.in(tx).query(`update users set password_hash = '$2b$05$' || repeat('x', 53) where id = $1`, [id]);
    });
    await locked;
    await expect(login(ann.user.email, PASSWORD)).rejects.toMatchObject({ code: 'user.credentials_wrong' });
    await change;
    expect((await ann.asks.getSessions({})).sessions).toHaveLength(1);
  });
});

describe('what is written down', () => {
  it('holds no password, token, phone number or address: not in the log, not in an event, not in the clear in a table (I5)', async () => {
    const email = newEmail('canary');
    const { user, tokens } = await anyone().register({ email, password: 'canary-password-9x', firstName: 'A', lastName: 'B', client: FIREFOX });
    const asks = service.client(UserService, { id: found(user).id, sessionId: found(tokens).sessionId, roles: ['buyer'] });
    await asks.updateProfile({ phone: '+1-canary-phone' });
    await asks.addAddress({ address: { name: 'canary-name', street: 'canary-street', city: 'c', postalCode: '1', country: 'US' } });
    await login(email, 'canary-wrong').catch(() => undefined);
    const forbidden = ['canary-', found(tokens).accessToken, found(tokens).refreshToken];
    const written = [service.logs.join('\n'), JSON.stringify(await service.published(), (_, value) => (typeof value === 'bigint' ? String(value) : value))];
    for (const table of ['users', 'sessions', 'refresh_tokens', 'addresses', 'address_versions', 'outbox'])
      written.push(JSON.stringify(await service.sql.query(`select (t.*)::text as row from ${table} t`)));
    for (const text of written) for (const secret of forbidden) expect(text).not.toContain(secret);
    expect(written.slice(0, 2).join('')).not.toContain(email);
  });
});
