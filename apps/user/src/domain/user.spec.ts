import { changeProfile, newUser, reinstate, suspend, suspendBuying, withRoles } from './user';

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

  it('is reinstated from both kinds of suspension at once', () => {
    expect(reinstate(suspendBuying(suspend(ann)), now)).toMatchObject({ suspended: false, buyingSuspended: false, reinstatedAt: now });
    expect(reinstate(ann, now)).toBe(ann);
    expect(suspend(suspend(ann)).version).toBe(2);
  });
});
