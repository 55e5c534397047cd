import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { uuidOf } from '@libs/kernel/ids';
import type { TestService } from '@libs/testing/start-test-service';
import { found, Person, START_MS_MAX, startUserService } from './people';

const home = { name: 'Ann Miller', street: '1 Main St', city: 'Portland', region: 'OR', postalCode: '97201', country: 'US', phone: '+15550100' };

let service: TestService;
beforeAll(async () => {
  service = await startUserService();
}, START_MS_MAX);
afterAll(() => service.stop());

const add = async (person: Person, changes: object = {}) => found((await person.asks.addAddress({ address: { ...home, ...changes } })).address);
const list = async (person: Person) => (await person.asks.getAddresses({})).addresses;
const told = async (person: Person) =>
  (await service.published())
    .filter(({ key, name }) => key === person.user.id && name.startsWith('address.'))
    .map(({ name, event }) => ({ name, ...event }));

describe('an address', () => {
  it('is kept as it was given, and the first one is the default', async () => {
    const ann = await Person.registers(service);
    const first = await add(ann);
    expect(first).toMatchObject({ ...home, street2: '', isDefault: true });
    const second = await add(ann, { street: '9 Office Rd' });
    expect(second.isDefault).toBe(false);
    expect(await list(ann)).toEqual([first, second]);
  });

  it('is announced by its ids alone', async () => {
    const ann = await Person.registers(service);
    const { id, versionId } = await add(ann);
    expect(await told(ann)).toEqual([
      { name: 'address.added', $typeName: 'exchange.user.v1.AddressAdded', userId: ann.user.id, addressId: id, versionId, isDefault: true },
    ]);
  });

  it('gets a new version when it changes, while the old one stays what it was for those who pinned it', async () => {
    const ann = await Person.registers(service);
    const before = await add(ann);
    const after = found((await ann.asks.updateAddress({ address: { ...before, street: '2 Main St' } })).address);
    expect(after).toMatchObject({ id: before.id, street: '2 Main St', isDefault: true });
    expect(after.versionId).not.toBe(before.versionId);
    expect(await list(ann)).toEqual([after]);
    const pinned = await service.client(UserService, 'order').getAddressVersion({ versionId: before.versionId });
    expect(pinned).toMatchObject({ userId: ann.user.id, address: { street: '1 Main St', versionId: before.versionId } });
    expect((await told(ann)).slice(1)).toEqual([
      expect.objectContaining({ name: 'address.added', versionId: after.versionId, isDefault: true }),
      expect.objectContaining({ name: 'address.removed', versionId: before.versionId, replacedBy: after.versionId }),
    ]);
  });

  it('passes the default on when it is removed, and can still be shipped to by the orders that pinned it', async () => {
    const ann = await Person.registers(service);
    const [first, second] = [await add(ann), await add(ann, { street: '9 Office Rd' })];
    await ann.asks.removeAddress({ addressId: first.id });
    expect(await list(ann)).toEqual([{ ...second, isDefault: true }]);
    expect((await told(ann)).slice(2)).toEqual([
      expect.objectContaining({ name: 'address.added', versionId: second.versionId, isDefault: true }),
      expect.objectContaining({ name: 'address.removed', versionId: first.versionId, replacedBy: '' }),
    ]);
    expect((await service.client(UserService, 'order').getAddressVersion({ versionId: first.versionId })).address).toMatchObject({ street: '1 Main St' });
    await ann.asks.removeAddress({ addressId: second.id });
    expect(await list(ann)).toEqual([]);
    expect((await add(ann)).isDefault).toBe(true);
  });

  it('becomes the default when its owner says so', async () => {
    const ann = await Person.registers(service);
    const [, second] = [await add(ann), await add(ann, { street: '9 Office Rd' })];
    const named = found((await ann.asks.updateAddress({ address: { ...second, isDefault: true } })).address);
    expect(named).toEqual({ ...second, isDefault: true });
    expect((await list(ann)).map(({ street, isDefault }) => [street, isDefault])).toEqual([['9 Office Rd', true], ['1 Main St', false]]);
  });

  it('is nobody else\'s: to others it does not exist, and only the order service may read a pinned version', async () => {
    const [ann, bob] = [await Person.registers(service), await Person.registers(service)];
    const address = await add(ann);
    await expect(bob.asks.updateAddress({ address: { ...address, street: 'x' } })).rejects.toMatchObject({ code: 'user.address_not_found', kind: 'not_found' });
    await expect(bob.asks.removeAddress({ addressId: address.id })).rejects.toMatchObject({ code: 'user.address_not_found' });
    expect(await list(bob)).toEqual([]);
    await expect(service.client(UserService, 'bidding').getAddressVersion({ versionId: address.versionId })).rejects.toMatchObject({ kind: 'forbidden' });
    await expect(ann.asks.getAddressVersion({ versionId: address.versionId })).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('is one of 20 at most, also when many are added at once', async () => {
    const ann = await Person.registers(service);
    const results = await Promise.allSettled(Array.from({ length: 25 }, () => add(ann)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'user.too_many_addresses' });
    expect((await list(ann)).filter(({ isDefault }) => isDefault)).toHaveLength(1);
  });

  it('cannot be read when its text is moved to another row', async () => {
    const [ann, bob] = [await Person.registers(service), await Person.registers(service)];
    const [mine, his] = [await add(ann), await add(bob)];
    const moved = service.sql.query('update address_versions set sealed = (select sealed from address_versions where id = $2) where id = $1', [
      uuidOf('adv', his.versionId), uuidOf('adv', mine.versionId),
    ]);
    await expect(moved).rejects.toThrow('append-only');
    await service.sql.query('alter table address_versions disable trigger all');
    await service.sql.query('update address_versions set sealed = (select sealed from address_versions where id = $2) where id = $1', [
      uuidOf('adv', his.versionId), uuidOf('adv', mine.versionId),
    ]);
    await service.sql.query('alter table address_versions enable trigger all');
    await expect(list(bob)).rejects.toThrow('failed on the other side');
    expect(await list(ann)).toHaveLength(1);
  });
});

describe('a profile', () => {
  it('is read and changed by its owner; the phone number survives, and an older version does not overwrite a newer one', async () => {
    const ann = await Person.registers(service);
    const { user } = await ann.asks.updateProfile({ phone: '+15550100', expectedVersion: 1n });
    expect(user).toMatchObject({ firstName: 'Ann', phone: '+15550100', version: 2n });
    await expect(ann.asks.updateProfile({ firstName: 'Anna', expectedVersion: 1n })).rejects.toMatchObject({ code: 'user.stale', kind: 'conflict' });
    await ann.asks.updateProfile({ lastName: 'Meyer' });
    expect((await ann.asks.getProfile({})).user).toMatchObject({ lastName: 'Meyer', phone: '+15550100', version: 3n });
  });

  it('is nobody\'s without a user', async () => {
    await expect(service.client(UserService).getProfile({})).rejects.toMatchObject({ kind: 'unauthenticated' });
  });
});
