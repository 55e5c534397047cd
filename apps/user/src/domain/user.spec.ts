import { changeProfile, newUser, reinstate, suspend, suspendSide, suspensionsOf, withRoles } from './user';

const now = new Date('2026-11-20T12:00:00Z');
const ann = newUser('usr_1', 'ann@example.com', { firstName: ' Ann ', lastName: 'Miller' }, now);

describe('a user', () => {
  it('buys and sells from the start, and has no other role', () => {
    expect(ann).toMatchObject({ roles: ['buyer', 'seller'], firstName: 'Ann', suspended: false, version: 1 });
  });

  it('gets exactly the roles that an administrator names, and none that does not exist', () => {
    expect(withRoles(ann, ['admin', 'buyer', 'buyer'], 1).roles).toEqual(['buyer', 'admin']);
    expect(withRoles(ann, ['seller', 'buyer'], 0)).toBe(ann);
    expect(() => withRoles(ann, ['buyer', 'owner'], 1)).toThrow(expect.objectContaining({ code: 'user.role_unknown' }));
  });

  it('keeps what an edit does not name, and is not overwritten by who read an older version', () => {
    const moved = changeProfile(ann, { phone: '+1 555 0100' }, 1);
    expect(moved).toMatchObject({ firstName: 'Ann', phone: '+1 555 0100', version: 2 });
    expect(changeProfile(moved, { phone: '+1 555 0100' }, 0)).toBe(moved);
    expect(() => changeProfile(moved, { firstName: 'Anna' }, 1)).toThrow(expect.objectContaining({ code: 'user.stale' }));
  });

  it('loses buying or selling without the other', () => {
    expect(suspendSide(ann, 'selling')).toMatchObject({ suspended: false, buyingSuspended: false, sellingSuspended: true, version: 2 });
    expect(suspendSide(ann, 'buying')).toMatchObject({ suspended: false, buyingSuspended: true, sellingSuspended: false, version: 2 });
    expect(suspendSide(suspendSide(ann, 'selling'), 'selling').version).toBe(2);
  });

  it('is reinstated from every kind of suspension at once', () => {
    const lost = suspendSide(suspendSide(suspend(ann), 'buying'), 'selling');
    expect(suspensionsOf(lost)).toEqual(['suspended', 'buying suspended', 'selling suspended']);
    expect(suspensionsOf(reinstate(lost, now))).toEqual([]);
    for (const one of [suspend(ann), suspendSide(ann, 'buying'), suspendSide(ann, 'selling')]) {
      expect(reinstate(one, now)).toMatchObject({ suspended: false, buyingSuspended: false, sellingSuspended: false, reinstatedAt: now });
    }
    expect(reinstate(ann, now)).toBe(ann);
    expect(suspend(suspend(ann)).version).toBe(2);
  });
});
