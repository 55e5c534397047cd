import { normalizePassword, weaknessOf } from './password';

const weak = (password: string) => weaknessOf(normalizePassword(password), 'ann.miller@example.com');

describe('a new password', () => {
  it.each(['correct horse battery', 'Tr7-vuk plonk', 'ÿêš we çan', 'zwölf Boxkämpfer', '雨が降っていますよね', 'x9$Lq!72kd', '🦊🐢🦉🐝🦋🐌🐙🦑', '7391 dragon 88425'])('may be %p', (password) =>
    expect(weak(password)).toBeUndefined(),
  );

  it('has 8 to 256 characters, counted as people count them', () => {
    expect(weak('x9$Lq!7')).toBe('too_short');
    expect(weak('🦊🐢🦉🐝🦋🐌🐙')).toBe('too_short');
    expect(weak(`x9$Lq!72kd ${'long '.repeat(49)}`)).toBeUndefined();
    expect(weak(`x9$Lq!72kd ${'long '.repeat(50)}`)).toBe('too_long');
  });

  it.each([
    'password', 'Password1', 'P@ssw0rd', 'passw0rd!', 'password123', '123456789', '12345678910', '11111111', 'abcabcabc', 'qwertyuiop', 'qwerty123', '1q2w3e4r5t', 'iloveyou', 'iloveyou2',
    'Dragon2024!', 'sunshine', '123sunshine', 'princess1', 'football', 'superman1', 'letmein!!', 'welcome1', 'abcd1234', 'asdfghjkl', '87654321', 'trustno1', 'monkeydragon', 'changeme', 'starwars',
    'pairwise', 'Pairwise2026', 'sneakerhead', 'zaq12wsx',
  ])('is not %p, which attackers try first', (password) => expect(weak(password)).toBe('common'));

  it.each(['ann.miller@example.com', 'Ann.Miller', 'annmiller1', 'AnnMiller!2026'])('is not %p when the account is that of ann.miller', (password) =>
    expect(weak(password)).toBe('personal'),
  );

  it('is the same password in whatever form a keyboard sends its letters', () => {
    expect(normalizePassword('zwo\u0308lf Boxer')).toBe(normalizePassword('zw\u00f6lf Boxer'));
  });
});
