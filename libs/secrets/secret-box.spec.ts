import { randomBytes } from 'node:crypto';
import { SecretBox } from './secret-box';

describe('a sealed text', () => {
  const box = new SecretBox(randomBytes(32));

  it('opens under its key, and says nothing without it', () => {
    const sealed = box.seal('whsec_1 ✓');
    expect(box.open(sealed)).toBe('whsec_1 ✓');
    expect(sealed.includes('whsec_1')).toBe(false);
    expect(new SecretBox(randomBytes(32)).open(sealed)).toBeUndefined();
  });

  it('is another one each time', () => expect(box.seal('the same').equals(box.seal('the same'))).toBe(false));

  it('opens in its place alone', () => {
    const sealed = box.seal('1 Quay Street', 'addresses/1');
    expect(box.open(sealed, 'addresses/1')).toBe('1 Quay Street');
    expect(box.open(sealed, 'addresses/2')).toBeUndefined();
    expect(box.open(sealed)).toBeUndefined();
  });

  it('does not open when a single byte of it was changed or is missing', () => {
    const sealed = box.seal('whsec_1');
    for (let at = 0; at < sealed.length; at++) {
      const forged = Buffer.from(sealed);
      forged.writeUInt8(forged.readUInt8(at) ^ 1, at);
      expect(box.open(forged)).toBeUndefined();
      expect(box.open(sealed.subarray(0, at))).toBeUndefined();
    }
  });
});
