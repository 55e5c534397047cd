import { randomUUID } from 'node:crypto';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { typeId, uuidOf } from '@libs/kernel/ids';
import type { TestService } from '@libs/testing/start-test-service';
import { administrator, found, grantFirstAdmin, newEmail, Person, START_MS_MAX, startUserService } from './people';

let service: TestService;
let admin: Person;
beforeAll(async () => {
  service = await startUserService();
  admin = await administrator(service);
}, START_MS_MAX);
afterAll(() => service.stop());

const strike = (person: Person, kind = 'unpaid_win', orderId = typeId('ord', randomUUID())) =>
  service.client(UserService, 'order').recordStrike({ userId: person.user.id, orderId, kind });
const facts = (userId: string) => service.client(UserService, 'bidding').getTradingFacts({ userId });
const told = async (person: Person) =>
  (await service.published()).filter(({ key, name }) => key === person.user.id && name !== 'user.registered').map(({ name, event }) => ({ name, ...event }));

describe('the first administrator', () => {
  it('is named by the operator, once: after that administrators name administrators', async () => {
    const bob = await Person.registers(service);
    await expect(grantFirstAdmin(service, bob.user.email)).rejects.toMatchObject({ code: 'user.admin_exists', kind: 'conflict' });
    await expect(grantFirstAdmin(service, newEmail('nobody'))).rejects.toMatchObject({ code: 'user.not_found' });
    expect(admin.user.roles).toEqual(['buyer', 'seller', 'admin']);
    await grantFirstAdmin(service, admin.user.email);
    expect(await admin.isLoggedIn()).toBe(true);
  });

  it('is one, also when two are named at once, and had a phone number before', async () => {
    const fresh = await startUserService();
    try {
      const [bob, eve] = [await Person.registers(fresh), await Person.registers(fresh)];
      await bob.asks.updateProfile({ phone: '+15550100' });
      const results = await Promise.allSettled([bob, eve].map(({ user }) => grantFirstAdmin(fresh, user.email)));
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const [winner, other] = results[0]?.status === 'fulfilled' ? [bob, eve] : [eve, bob];
      expect([await winner.isLoggedIn(), await other.isLoggedIn()]).toEqual([false, true]);
      expect((await bob.asks.getProfile({})).user?.phone).toBe('+15550100');
    } finally {
      await fresh.stop();
    }
  });
});

describe('roles', () => {
  it('are set by an administrator, take effect at the next login, and are written down with the reason', async () => {
    const bob = await Person.registers(service);
    const { user } = await admin.asks.setRoles({ userId: bob.user.id, roles: ['authenticator', 'buyer'], reason: 'hired' });
    expect(user?.roles).toEqual(['buyer', 'authenticator']);
    expect(await bob.isLoggedIn()).toBe(false);
    expect((await bob.logsInAgain()).user.roles).toEqual(['buyer', 'authenticator']);
    const rows = await service.sql.query('select action, reason, before, after, actor_id from admin_actions where user_id = $1', [uuidOf('usr', bob.user.id)]);
    expect(rows).toEqual([{ action: 'roles_set', reason: 'hired', before: 'buyer seller', after: 'buyer authenticator', actor_id: uuidOf('usr', admin.user.id) }]);
    await expect(service.sql.query('delete from admin_actions')).rejects.toThrow('append-only');
  });

  it('are not set over the head of another administrator: the version that was seen must be the present one', async () => {
    const bob = await Person.registers(service);
    const seen = { userId: bob.user.id, reason: 'hired', expectedVersion: bob.user.version };
    await admin.asks.setRoles({ ...seen, roles: ['buyer'] });
    await expect(admin.asks.setRoles({ ...seen, roles: ['buyer', 'authenticator'] })).rejects.toMatchObject({ code: 'user.stale' });
  });

  it('are what exists: an unknown one is refused', async () => {
    const bob = await Person.registers(service);
    await expect(admin.asks.setRoles({ userId: bob.user.id, roles: ['owner'] })).rejects.toMatchObject({ code: 'user.role_unknown', kind: 'rejected' });
  });

  it('always leave one administrator, also when two take it from each other at once', async () => {
    const other = await Person.registers(service, newEmail('admin'));
    await expect(admin.asks.setRoles({ userId: admin.user.id, roles: ['buyer'] })).rejects.toMatchObject({ code: 'user.last_admin' });
    await expect(admin.asks.suspendUser({ userId: admin.user.id, reason: 'tired' })).rejects.toMatchObject({ code: 'user.last_admin' });
    await admin.asks.setRoles({ userId: other.user.id, roles: ['admin'], reason: 'deputy' });
    const deputy = await other.logsInAgain();
    const results = await Promise.allSettled([
      admin.asks.setRoles({ userId: deputy.user.id, roles: ['buyer'] }),
      deputy.asks.setRoles({ userId: admin.user.id, roles: ['buyer'] }),
    ]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const left = await service.sql.query<{ id: string }>(`select id from users where 'admin' = any(roles)`);
    expect(left).toHaveLength(1);
    if (left[0]?.id === uuidOf('usr', deputy.user.id)) await deputy.asks.setRoles({ userId: admin.user.id, roles: ['buyer', 'seller', 'admin'], reason: 'back' });
    admin = await admin.logsInAgain();
    if (left[0]?.id === uuidOf('usr', deputy.user.id)) await admin.asks.setRoles({ userId: deputy.user.id, roles: ['buyer'], reason: 'back' });
  });

  it('are administrators\' business, as are suspensions and the list of users', async () => {
    const bob = await Person.registers(service);
    const userId = admin.user.id;
    const tries = [bob.asks.setRoles({ userId, roles: [] }), bob.asks.suspendUser({ userId }), bob.asks.reinstateUser({ userId }), bob.asks.getUsers({})];
    for (const attempt of await Promise.allSettled(tries)) expect(attempt).toMatchObject({ status: 'rejected', reason: { kind: 'forbidden' } });
  });
});

describe('a suspended user', () => {
  it('is logged out everywhere, may log in again to look, and is reinstated without his old sessions', async () => {
    const bob = await Person.registers(service);
    await admin.asks.suspendUser({ userId: bob.user.id, reason: 'sold a fake to Ann Miller' });
    await admin.asks.suspendUser({ userId: bob.user.id, reason: 'again' });
    expect(await bob.isLoggedIn()).toBe(false);
    expect(await facts(bob.user.id)).toMatchObject({ exists: true, suspended: true });
    expect((await bob.logsInAgain()).user.suspended).toBe(true);
    expect(await told(bob)).toEqual([expect.objectContaining({ name: 'user.suspended', scope: 'all', reason: 'admin' })]);
    expect((await admin.asks.reinstateUser({ userId: bob.user.id, reason: 'appeal' })).user?.suspended).toBe(false);
    expect((await told(bob)).map(({ name }) => name)).toEqual(['user.suspended', 'user.reinstated']);
    expect(await bob.isLoggedIn()).toBe(false);
  });

  it('must exist', async () => {
    await expect(admin.asks.suspendUser({ userId: typeId('usr', randomUUID()) })).rejects.toMatchObject({ code: 'user.not_found', kind: 'not_found' });
  });
});

describe('strikes', () => {
  it('end buying at the second unpaid win within 30 days, and say so once', async () => {
    const bob = await Person.registers(service);
    expect(await strike(bob)).toMatchObject({ strikes: 1, buyingSuspended: false });
    service.clock.passes({ days: 29 });
    expect(await strike(bob)).toMatchObject({ strikes: 2, buyingSuspended: true });
    expect(await strike(bob)).toMatchObject({ strikes: 3, buyingSuspended: true });
    expect(await told(bob)).toEqual([expect.objectContaining({ name: 'user.suspended', scope: 'buying', reason: 'unpaid_wins' })]);
    expect(await facts(bob.user.id)).toMatchObject({ suspended: false, buyingSuspended: true });
    expect(await bob.isLoggedIn()).toBe(true);
  });

  it('are forgiven after 30 days', async () => {
    const bob = await Person.registers(service);
    await strike(bob);
    service.clock.passes({ days: 31 });
    expect(await strike(bob)).toMatchObject({ strikes: 1, buyingSuspended: false });
  });

  it('count once for each order and kind, however often they are reported, also at once', async () => {
    const bob = await Person.registers(service);
    const orderId = typeId('ord', randomUUID());
    const results = await Promise.all(Array.from({ length: 8 }, () => strike(bob, 'unpaid_win', orderId)));
    for (const result of results) expect(result).toMatchObject({ strikes: 1, buyingSuspended: false });
  });

  it('end selling at the third sale that is not shipped within 90 days, whoever of deadline and seller ended it, and say so once; buying goes on', async () => {
    const bob = await Person.registers(service);
    expect(await strike(bob, 'did_not_ship')).toMatchObject({ strikes: 1, sellingSuspended: false });
    service.clock.passes({ days: 45 });
    expect(await strike(bob, 'seller_cancelled')).toMatchObject({ strikes: 2, sellingSuspended: false });
    service.clock.passes({ days: 44 });
    expect(await strike(bob, 'did_not_ship')).toMatchObject({ strikes: 3, buyingSuspended: false, sellingSuspended: true });
    expect(await strike(bob, 'seller_cancelled')).toMatchObject({ strikes: 4, buyingSuspended: false, sellingSuspended: true });
    expect(await told(bob)).toEqual([expect.objectContaining({ name: 'user.suspended', scope: 'selling', reason: 'unshipped_sales' })]);
    expect(await facts(bob.user.id)).toMatchObject({ suspended: false, buyingSuspended: false, sellingSuspended: true });
    expect((await bob.asks.getProfile({})).user).toMatchObject({ suspended: false, sellingSuspended: true });
    expect((await admin.asks.getUsers({ query: bob.user.id })).users).toMatchObject([{ sellingSuspended: true }]);
    expect(await bob.isLoggedIn()).toBe(true);
  });

  it('of a seller are forgiven after 90 days, and not before', async () => {
    const bob = await Person.registers(service);
    await strike(bob, 'did_not_ship');
    service.clock.passes({ days: 60 });
    await strike(bob, 'did_not_ship');
    service.clock.passes({ days: 31 });
    expect(await strike(bob, 'did_not_ship')).toMatchObject({ strikes: 2, sellingSuspended: false });
  });

  it('of a seller are of different orders: one that is told again, or of which two kinds are told, is one', async () => {
    const bob = await Person.registers(service);
    const [first, second] = [typeId('ord', randomUUID()), typeId('ord', randomUUID())];
    for (const kind of ['did_not_ship', 'did_not_ship', 'seller_cancelled']) expect(await strike(bob, kind, first)).toMatchObject({ strikes: 1, sellingSuspended: false });
    const results = await Promise.all(Array.from({ length: 8 }, () => strike(bob, 'seller_cancelled', second)));
    for (const result of results) expect(result).toMatchObject({ strikes: 2, sellingSuspended: false });
    expect(await told(bob)).toEqual([]);
  });

  it('of a buyer and of a seller are counted apart', async () => {
    const bob = await Person.registers(service);
    await strike(bob);
    for (let n = 1; n <= 2; n++) expect(await strike(bob, 'did_not_ship')).toMatchObject({ strikes: n, buyingSuspended: false, sellingSuspended: false });
    expect(await strike(bob)).toMatchObject({ strikes: 2, buyingSuspended: true, sellingSuspended: false });
    await expect(strike(bob, 'rude')).rejects.toMatchObject({ code: 'user.strike_unknown' });
  });

  it('from before a reinstatement do not count any more', async () => {
    const bob = await Person.registers(service);
    await strike(bob);
    await strike(bob);
    service.clock.passes({ hours: 1 });
    await admin.asks.reinstateUser({ userId: bob.user.id, reason: 'card was stolen' });
    service.clock.passes({ hours: 1 });
    expect(await strike(bob)).toMatchObject({ strikes: 1, buyingSuspended: false });
  });

  it('of a seller from before a reinstatement do not count any more, also when they are told again', async () => {
    const bob = await Person.registers(service);
    const orders = Array.from({ length: 3 }, () => typeId('ord', randomUUID()));
    for (const order of orders) await strike(bob, 'seller_cancelled', order);
    service.clock.passes({ hours: 1 });
    const { user } = await admin.asks.reinstateUser({ userId: bob.user.id, reason: 'was in hospital' });
    expect(user).toMatchObject({ sellingSuspended: false });
    expect(await facts(bob.user.id)).toMatchObject({ sellingSuspended: false });
    expect((await told(bob)).map(({ name }) => name)).toEqual(['user.suspended', 'user.reinstated']);
    const rows = await service.sql.query('select action, before, after from admin_actions where user_id = $1', [uuidOf('usr', bob.user.id)]);
    expect(rows).toEqual([{ action: 'reinstated', before: 'selling suspended', after: 'active' }]);
    for (const order of orders) expect(await strike(bob, 'seller_cancelled', order)).toMatchObject({ strikes: 0, sellingSuspended: false });
    service.clock.passes({ hours: 1 });
    for (let n = 1; n <= 2; n++) expect(await strike(bob, 'did_not_ship')).toMatchObject({ strikes: n, sellingSuspended: false });
    expect(await strike(bob, 'did_not_ship')).toMatchObject({ strikes: 3, sellingSuspended: true });
  });

  it('are the order service\'s to give', async () => {
    const bob = await Person.registers(service);
    const request = { userId: bob.user.id, orderId: typeId('ord', randomUUID()), kind: 'unpaid_win' };
    await expect(service.client(UserService, 'bidding').recordStrike(request)).rejects.toMatchObject({ kind: 'forbidden' });
    await expect(bob.asks.recordStrike(request)).rejects.toMatchObject({ kind: 'forbidden' });
  });
});

describe('what bidding asks', () => {
  it('is answered with the addresses, the default first, and for a stranger with "no such user"', async () => {
    const bob = await Person.registers(service);
    const address = { name: 'Bob', street: '1 Main St', city: 'Portland', postalCode: '97201', country: 'US' };
    const first = found((await bob.asks.addAddress({ address })).address);
    const second = found((await bob.asks.addAddress({ address: { ...address, isDefault: true } })).address);
    expect(await facts(bob.user.id)).toMatchObject({
      exists: true, suspended: false, buyingSuspended: false, sellingSuspended: false, emailVerified: false,
      addresses: [{ addressId: second.id, versionId: second.versionId }, { addressId: first.id, versionId: first.versionId }],
    });
    expect(await facts(typeId('usr', randomUUID()))).toMatchObject({ exists: false, addresses: [] });
    await expect(service.client(UserService, 'payment').getTradingFacts({ userId: bob.user.id })).rejects.toMatchObject({ kind: 'forbidden' });
  });
});

describe('the list of users', () => {
  it('finds people by the beginning of an address or a name, and shows neither address nor phone number', async () => {
    const email = newEmail('zebra');
    const zoe = await Person.registers(service, email);
    await zoe.asks.updateProfile({ lastName: 'Quagga', phone: '+15550100' });
    for (const query of [email.slice(0, 6), 'QUAG', zoe.user.id]) {
      const { users } = await admin.asks.getUsers({ query });
      expect(users.map(({ id, email: shown, phone }) => [id, shown, phone])).toEqual([[zoe.user.id, 'z***@e***.com', '']]);
    }
    expect((await admin.asks.getUsers({ query: '%' })).users).toEqual([]);
  });

  it('pages through everybody, newest first, each once', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await admin.asks.getUsers({ limit: 7, cursor });
      seen.push(...page.users.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== '');
    const all = await service.sql.query<{ id: string }>('select id from users order by id desc');
    expect(seen).toEqual(all.map(({ id }) => typeId('usr', id)));
    for (const other of ['nonsense', `usr_${'z'.repeat(26)}`]) await expect(admin.asks.getUsers({ cursor: other })).rejects.toMatchObject({ code: 'user.cursor_invalid' });
  });
});
