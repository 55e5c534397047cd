import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { uuidOf } from '@libs/kernel/ids';
import type { TestService } from '@libs/testing/start-test-service';
import { FIREFOX, found, newEmail, PASSWORD, Person, Postbox, START_MS_MAX, startUserService } from './people';

const postbox = new Postbox();
let service: TestService;
beforeAll(async () => {
  service = await startUserService({}, postbox);
}, START_MS_MAX);
afterAll(() => service.stop());

const anyone = () => service.client(UserService);
const verifiedEvents = async (person: Person) => (await service.publishedOf('user.email_verified')).filter(({ key }) => key === person.user.id);
const isVerified = async (person: Person) => found((await person.asks.getProfile({})).user).emailVerified;
const expire = (person: Person) => service.sql.query(`update mailed_tokens set issued_at = issued_at - interval '2 days', expires_at = expires_at - interval '2 days' where user_id = $1`, [uuidOf('usr', person.user.id)]);
/** An hour later, as far as limits on mails go. */
const anHourLater = (person: Person) => service.sql.query(`update account_messages set planned_at = planned_at - interval '61 minutes' where user_id = $1`, [uuidOf('usr', person.user.id)]);

async function mailed(person: Person, kind: string, email = person.user.email): Promise<string> {
  await service.settled();
  return postbox.token(email, kind);
}

async function verified(): Promise<Person> {
  const person = await Person.registers(service);
  await anyone().verifyEmail({ token: await mailed(person, 'verify_email') });
  return person;
}

const invalid = { code: 'user.token_invalid', kind: 'rejected' };

describe('verifying an e-mail address', () => {
  it('takes the link that the registration sends, once, and tells the others that it is done', async () => {
    const ann = await Person.registers(service);
    expect(await isVerified(ann)).toBe(false);
    const token = await mailed(ann, 'verify_email');
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    const tries = await Promise.allSettled([1, 2, 3].map(() => anyone().verifyEmail({ token })));
    expect(tries.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await isVerified(ann)).toBe(true);
    expect(await verifiedEvents(ann)).toHaveLength(1);
    await expect(anyone().verifyEmail({ token })).rejects.toMatchObject(invalid);
  });

  it('takes no link that is unknown, expired, or of another kind', async () => {
    const ann = await Person.registers(service);
    const token = await mailed(ann, 'verify_email');
    await expect(anyone().verifyEmail({ token: 'A'.repeat(43) })).rejects.toMatchObject(invalid);
    await expect(anyone().resetPassword({ token, newPassword: 'a better horse' })).rejects.toMatchObject(invalid);
    await expect(anyone().confirmEmail({ token })).rejects.toMatchObject(invalid);
    await expire(ann);
    await expect(anyone().verifyEmail({ token })).rejects.toMatchObject(invalid);
    expect(await isVerified(ann)).toBe(false);
  });

  it('can be asked for again, three mails within an hour; the newest link is the one that counts', async () => {
    const ann = await Person.registers(service);
    const first = await mailed(ann, 'verify_email');
    await ann.asks.resendVerification({});
    await ann.asks.resendVerification({});
    await expect(ann.asks.resendVerification({})).rejects.toMatchObject({ code: 'user.too_many_mails', kind: 'rate_limited' });
    await expect(anyone().verifyEmail({ token: first })).rejects.toMatchObject(invalid);
    await anHourLater(ann);
    await ann.asks.resendVerification({});
    await anyone().verifyEmail({ token: await mailed(ann, 'verify_email') });
    await expect(ann.asks.resendVerification({})).rejects.toMatchObject({ code: 'user.email_already_verified', kind: 'conflict' });
  });
});

describe('a forgotten password', () => {
  it('is replaced by the link in the mail: every session ends, the link is used up, and the user is told', async () => {
    const ann = await Person.registers(service);
    const phone = await ann.logsInAgain();
    await service.settled();
    await anyone().forgotPassword({ email: ` ${ann.user.email.toUpperCase()}` });
    const token = await mailed(ann, 'reset_password');
    await expect(anyone().resetPassword({ token, newPassword: 'password1' })).rejects.toMatchObject({ code: 'user.password_weak' });
    await anyone().resetPassword({ token, newPassword: 'a better horse' });
    expect([await ann.isLoggedIn(), await phone.isLoggedIn()]).toEqual([false, false]);
    await expect(anyone().resetPassword({ token, newPassword: 'another horse' })).rejects.toMatchObject(invalid);
    await expect(anyone().login({ email: ann.user.email, password: PASSWORD, client: FIREFOX })).rejects.toMatchObject({ code: 'user.credentials_wrong' });
    await anyone().login({ email: ann.user.email, password: 'a better horse', client: FIREFOX });
    await service.settled();
    expect(postbox.to(ann.user.email)).toEqual(['verify_email', 'reset_password', 'password_changed']);
  });

  it('gives the same answer for an address that nobody has, writes the same one row, and sends nothing', async () => {
    const ann = await Person.registers(service);
    const nobody = newEmail('nobody');
    const rows = async () => service.sql.query<{ n: number }>(`select count(*)::int as n from account_messages where kind = 'reset_password'`);
    await service.settled();
    const before = found((await rows())[0]).n;
    expect(await Promise.all([anyone().forgotPassword({ email: nobody }), anyone().forgotPassword({ email: ann.user.email })])).toEqual([{ $typeName: expect.any(String) }, { $typeName: expect.any(String) }]);
    await service.settled();
    expect(postbox.to(nobody)).toEqual([]);
    expect(postbox.to(ann.user.email)).toContain('reset_password');
    // One for each question, and one for the mail.
    expect(found((await rows())[0]).n - before).toBe(3);
  });

  it('sends at most three mails within an hour, whoever asks, and says nothing of it; the last link stays good', async () => {
    const ann = await Person.registers(service);
    for (let n = 0; n < 5; n++) {
      await anyone().forgotPassword({ email: ann.user.email });
      await service.settled();
    }
    expect(postbox.to(ann.user.email).filter((kind) => kind === 'reset_password')).toHaveLength(3);
    await anyone().resetPassword({ token: postbox.token(ann.user.email, 'reset_password'), newPassword: 'a better horse' });
  });

  it('is not found with a link of half an hour ago', async () => {
    const ann = await Person.registers(service);
    await anyone().forgotPassword({ email: ann.user.email });
    const token = await mailed(ann, 'reset_password');
    const [life] = await service.sql.query<{ minutes: number }>(`select extract(epoch from expires_at - issued_at)::int / 60 as minutes from mailed_tokens where user_id = $1 and purpose = 'reset_password'`, [uuidOf('usr', ann.user.id)]);
    expect(life?.minutes).toBe(30);
    await expire(ann);
    await expect(anyone().resetPassword({ token, newPassword: 'a better horse' })).rejects.toMatchObject(invalid);
  });
});

describe('changing the e-mail address', () => {
  it.each([['confirm_old_email', 'confirm_new_email'], ['confirm_new_email', 'confirm_old_email']] as const)('needs both links, here %s before %s, and tells both addresses', async (first, second) => {
    const ann = await verified();
    const newEmail_ = newEmail('new');
    const tokenOf = async (kind: string) => mailed(ann, kind, kind === 'confirm_old_email' ? ann.user.email : newEmail_);
    await ann.asks.changeEmail({ currentPassword: PASSWORD, newEmail: newEmail_ });
    expect(await anyone().confirmEmail({ token: await tokenOf(first) })).toMatchObject({ changed: false });
    expect((await ann.asks.getProfile({})).user?.email).toBe(ann.user.email);
    expect(await anyone().confirmEmail({ token: await tokenOf(second) })).toMatchObject({ changed: true });
    expect((await ann.asks.getProfile({})).user).toMatchObject({ email: newEmail_, emailVerified: true });
    await anyone().login({ email: newEmail_, password: PASSWORD, client: FIREFOX });
    await expect(anyone().login({ email: ann.user.email, password: PASSWORD, client: FIREFOX })).rejects.toMatchObject({ code: 'user.credentials_wrong' });
    await service.settled();
    for (const email of [ann.user.email, newEmail_]) expect(postbox.to(email)).toContain('email_changed');
    expect(await verifiedEvents(ann)).toHaveLength(1);
  });

  it('needs the password, and an address that is another one and free', async () => {
    const [ann, bob] = [await verified(), await verified()];
    const wish = (email: string, currentPassword = PASSWORD) => ann.asks.changeEmail({ currentPassword, newEmail: email });
    await expect(wish(newEmail('new'), 'wrong horse battery')).rejects.toMatchObject({ code: 'user.credentials_wrong' });
    await expect(wish(ann.user.email.toUpperCase())).rejects.toMatchObject({ code: 'user.email_unchanged' });
    await expect(wish(bob.user.email)).rejects.toMatchObject({ code: 'user.email_taken' });
  });

  it('is refused in the end when somebody has taken the address meanwhile', async () => {
    const ann = await verified();
    const wanted = newEmail('wanted');
    await ann.asks.changeEmail({ currentPassword: PASSWORD, newEmail: wanted });
    await anyone().confirmEmail({ token: await mailed(ann, 'confirm_old_email') });
    const token = await mailed(ann, 'confirm_new_email', wanted);
    await Person.registers(service, wanted);
    await expect(anyone().confirmEmail({ token })).rejects.toMatchObject({ code: 'user.email_taken' });
    expect((await ann.asks.getProfile({})).user?.email).toBe(ann.user.email);
  });

  it('does not ask an old address that was never verified: it may be misspelt, and nobody reads it', async () => {
    const ann = await Person.registers(service);
    const right = newEmail('right');
    await ann.asks.changeEmail({ currentPassword: PASSWORD, newEmail: right });
    const misspelt = await mailed(ann, 'verify_email');
    expect(await anyone().confirmEmail({ token: await mailed(ann, 'confirm_new_email', right) })).toMatchObject({ changed: true });
    expect(await verifiedEvents(ann)).toHaveLength(1);
    await expect(anyone().verifyEmail({ token: misspelt })).rejects.toMatchObject(invalid);
  });

  it('goes by the newest wish alone, and ends with a password reset', async () => {
    const ann = await verified();
    const [one, other] = [newEmail('one'), newEmail('other')];
    await ann.asks.changeEmail({ currentPassword: PASSWORD, newEmail: one });
    const toOne = await mailed(ann, 'confirm_new_email', one);
    await ann.asks.changeEmail({ currentPassword: PASSWORD, newEmail: other });
    await expect(anyone().confirmEmail({ token: toOne })).rejects.toMatchObject(invalid);
    const toOther = await mailed(ann, 'confirm_new_email', other);
    await anyone().forgotPassword({ email: ann.user.email });
    await anyone().resetPassword({ token: await mailed(ann, 'reset_password'), newPassword: 'a better horse' });
    await expect(anyone().confirmEmail({ token: toOther })).rejects.toMatchObject(invalid);
  });
});

describe('what somebody is told for safety', () => {
  it('is a changed password, and a login from a client that was not seen before, but none from one that was', async () => {
    const ann = await Person.registers(service);
    await ann.logsInAgain();
    await anyone().login({ email: ann.user.email, password: PASSWORD, client: { ...FIREFOX, userAgent: 'Safari' } });
    await anyone().login({ email: ann.user.email, password: PASSWORD, client: { ...FIREFOX, userAgent: 'Safari' } });
    await ann.asks.changePassword({ currentPassword: PASSWORD, newPassword: 'a better horse' });
    await service.settled();
    expect(postbox.to(ann.user.email).sort()).toEqual(['new_sign_in', 'password_changed', 'verify_email']);
  });

  it('is the end of a session whose refresh token was used by somebody else', async () => {
    const ann = await Person.registers(service);
    const { refreshToken } = ann.tokens;
    await anyone().refresh({ refreshToken, client: FIREFOX });
    await expect(anyone().refresh({ refreshToken, client: { ip: '198.51.100.9', userAgent: 'thief' } })).rejects.toMatchObject({ code: 'user.refresh_reused' });
    await service.settled();
    expect(postbox.to(ann.user.email)).toContain('sessions_ended');
  });
});

describe('where a message reaches somebody', () => {
  it('is told to notification, and to nobody else', async () => {
    const ann = await Person.registers(service);
    await ann.asks.updateProfile({ phone: '+15550100' });
    expect(await service.client(UserService, 'notification').getContact({ userId: ann.user.id })).toMatchObject({ email: ann.user.email, emailVerified: false, phone: '+15550100', firstName: 'Ann', suspended: false });
    await expect(service.client(UserService, 'order').getContact({ userId: ann.user.id })).rejects.toMatchObject({ code: 'rpc.service_not_allowed' });
    await expect(ann.asks.getContact({ userId: ann.user.id })).rejects.toMatchObject({ code: 'rpc.service_not_allowed' });
    await expect(service.client(UserService, 'notification').getContact({ userId: 'usr_nobody' })).rejects.toMatchObject({ code: 'user.not_found' });
  });
});
