import { addAddress, type Address, type AddressBook, type AddressParts, removeAddress, updateAddress } from './address';

const home: AddressParts = { name: 'Ann Miller', street: '1 Main St', street2: '', city: 'Portland', region: 'OR', postalCode: '97201', country: 'US', phone: '' };
const work: AddressParts = { ...home, street: '9 Office Rd' };
const ids = (n: number) => ({ id: `adr_${n}`, versionId: `adv_${n}` });
const told = ({ changes }: AddressBook) =>
  changes.map((change) => `${change.kind} ${change.address.versionId}${change.address.isDefault && change.kind === 'added' ? ' default' : ''}`);
const list = ({ addresses }: { addresses: readonly Address[] }) => addresses.map(({ versionId, isDefault }) => versionId + (isDefault ? '*' : ''));

const one = addAddress([], home, ids(1), false);
const two = addAddress(one.addresses, work, ids(2), false);

describe('addresses', () => {
  it('have one default: the first, until another one is named', () => {
    expect(told(one)).toEqual(['added adv_1 default']);
    expect(list(two)).toEqual(['adv_1*', 'adv_2']);
    expect(list(addAddress(two.addresses, home, ids(3), true))).toEqual(['adv_3*', 'adv_2', 'adv_1']);
    const named = updateAddress(two.addresses, work, { id: 'adr_2', newVersionId: 'adv_9' }, true);
    expect(list(named)).toEqual(['adv_2*', 'adv_1']);
    expect(told(named)).toEqual(['added adv_2 default']);
  });

  it('get a new version when a part changes; the old one goes only after the new one is told', () => {
    const moved = updateAddress(two.addresses, { ...home, street: '2 Main St' }, { id: 'adr_1', newVersionId: 'adv_7' }, false);
    expect(list(moved)).toEqual(['adv_7*', 'adv_2']);
    expect(told(moved)).toEqual(['added adv_7 default', 'removed adv_1']);
    expect(moved.changes[1]).toMatchObject({ replacedBy: 'adv_7' });
  });

  it('say nothing when nothing changes', () => {
    expect(updateAddress(two.addresses, home, { id: 'adr_1', newVersionId: 'adv_7' }, true).changes).toEqual([]);
    expect(updateAddress(two.addresses, work, { id: 'adr_2', newVersionId: 'adv_7' }, false).changes).toEqual([]);
  });

  it('pass the default on when it is removed, so that a quote is never left without one while there is another', () => {
    const left = removeAddress(two.addresses, 'adr_1');
    expect(list(left)).toEqual(['adv_2*']);
    expect(told(left)).toEqual(['added adv_2 default', 'removed adv_1']);
    expect(told(removeAddress(left.addresses, 'adr_2'))).toEqual(['removed adv_2']);
  });

  it('need a name, a street, a city, a postal code and a country', () => {
    expect(() => addAddress([], { ...home, city: ' ' }, ids(1), false)).toThrow(expect.objectContaining({ code: 'user.address_incomplete', details: { field: 'city' } }));
    expect(() => removeAddress(two.addresses, 'adr_5')).toThrow(expect.objectContaining({ code: 'user.address_not_found' }));
  });

  it('are at most 20', () => {
    let book = one.addresses;
    for (let n = 2; n <= 20; n++) book = addAddress(book, home, ids(n), false).addresses;
    expect(() => addAddress(book, home, ids(21), false)).toThrow(expect.objectContaining({ code: 'user.too_many_addresses' }));
  });
});
