import { typeId, uuidOf } from './ids';

describe('a public id', () => {
  it('is the TypeID of the specification: 00000000000000000000000000 for the nil uuid', () => {
    expect(typeId('usr', '00000000-0000-0000-0000-000000000000')).toBe('usr_00000000000000000000000000');
    expect(typeId('usr', 'ffffffff-ffff-ffff-ffff-ffffffffffff')).toBe('usr_7zzzzzzzzzzzzzzzzzzzzzzzzz');
    expect(typeId('usr', '0110c853-1d09-52d8-d73e-1194e95b5f19')).toBe('usr_0123456789abcdefghjkmnpqrs');
  });

  it('turns back into the uuid that it came from', () => {
    for (const uuid of ['01890a5d-ac96-774b-bcce-b302099a8057', '0110c853-1d09-52d8-d73e-1194e95b5f19']) {
      expect(uuidOf('mkt', typeId('mkt', uuid))).toBe(uuid);
    }
  });

  it('takes a uuid with its dashes or without', () => {
    expect(typeId('usr', '0110c853110952d8d73e1194e95b5f19')).toBe(typeId('usr', '0110c853-1109-52d8-d73e-1194e95b5f19'));
  });

  it.each(['', '0110c853', '0110c853-1109-52d8-d73e-1194e95b5f1g'])('is never made of %p', (text) => expect(() => typeId('usr', text)).toThrow('not a uuid'));

  it.each(['', 'mkt_', 'mkt_0123456789abcdefghjkmnpqr', 'usr_0123456789abcdefghjkmnpqrs', 'mkt_8zzzzzzzzzzzzzzzzzzzzzzzzz', 'mkt_0123456789ABCDEFGHJKMNPQRS', 'mkt_0123456789abcdefghjkmnpqri', 'mkt_é123456789abcdefghjkmnpqrs'])(
    'refuses %p where a market is meant',
    (id) => expect(uuidOf('mkt', id)).toBeUndefined(),
  );
});
