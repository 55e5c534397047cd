import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { keyIn, readOrMake } from './secrets-file';

describe('a file of secrets', () => {
  let folder: string;
  beforeEach(() => (folder = temporaryFolder('secrets')));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is made once, for its owner alone, and nothing is left beside it', () => {
    const path = join(folder, 'secrets', 'a.key');
    const key = keyIn(path);
    expect(key).toHaveLength(32);
    expect(keyIn(path)).toEqual(key);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'secrets')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, 'secrets'))).toEqual(['a.key']);
  });

  it('is the first one\'s when two processes make it at once', () => {
    const path = join(folder, 'a');
    const second = readOrMake(path, () => {
      readOrMake(path, () => 'of the first');
      return 'of the second';
    });
    expect([second, readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['of the first', 'of the first', ['a']]);
  });

  it('is read in either form that a key is written in, and refused when it holds none', () => {
    const key = Buffer.alloc(32, 0xa5);
    writeFileSync(join(folder, 'hex'), `${key.toString('hex')}\n`);
    writeFileSync(join(folder, 'base64'), key.toString('base64'));
    writeFileSync(join(folder, 'short'), key.subarray(1).toString('base64'));
    expect([keyIn(join(folder, 'hex')), keyIn(join(folder, 'base64'))]).toEqual([key, key]);
    expect(() => keyIn(join(folder, 'short'))).toThrow('does not hold a key of 32 bytes');
  });
});
