import { maskEmail, normalizeEmail } from './email';

describe('an e-mail address', () => {
  it('is the same address in any case, with spaces around it, and in any form of its letters', () => {
    expect(normalizeEmail('  Ann@Example.COM ')).toBe('ann@example.com');
    expect(normalizeEmail('ａｎｎ@example.com')).toBe('ann@example.com');
  });

  it('is shown to administrators without what names a person', () => {
    expect(maskEmail('ann.miller@example.com')).toBe('a***@e***.com');
    expect(maskEmail('x@localhost')).toBe('x***@l***');
  });
});
