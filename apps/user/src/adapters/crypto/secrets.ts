import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { UserConfig } from '../../user.config';

const KEY_BYTES = 32;
const key = z.base64().transform((text) => Buffer.from(text, 'base64')).refine((bytes) => bytes.length === KEY_BYTES, `must be ${KEY_BYTES} bytes`);
const named = <S extends z.ZodType>(value: S) => z.strictObject({ kid: z.string().regex(/^[\w-]{1,32}$/), value });

/** The first key of a list is used for what is new; all of them open what is there. */
const Secrets = z.strictObject({
  passwordPepper: key,
  refreshKey: key,
  dataKeys: z.array(named(key)).min(1),
  signingKeys: z.array(named(z.string().transform((pem) => createPrivateKey(pem)))).min(1),
});

export interface NamedKey<K> {
  readonly kid: string;
  readonly value: K;
}

/** What must not lie in the database. Read from a file of ours or of the operator's; made once, readable by its owner alone, when there is none. */
@Injectable()
export class UserSecrets {
  readonly passwordPepper: Buffer;
  readonly refreshKey: Buffer;
  readonly dataKeys: readonly NamedKey<Buffer>[];
  readonly signingKeys: readonly NamedKey<KeyObject>[];

  constructor(config: UserConfig) {
    const path = config.values.USER_SECRETS_FILE;
    const secrets = Secrets.parse(JSON.parse(read(path) ?? make(path)));
    this.passwordPepper = secrets.passwordPepper;
    this.refreshKey = secrets.refreshKey;
    this.dataKeys = secrets.dataKeys;
    this.signingKeys = secrets.signingKeys;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** A link is made or it is not: of two services that start at once, both end up with the file of the first. */
function make(path: string): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const own = `${path}.${randomBytes(8).toString('hex')}`;
  writeFileSync(own, generated(), { mode: 0o600, flush: true });
  try {
    linkSync(own, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(own);
  }
  return readFileSync(path, 'utf8');
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

function generated(): string {
  const random = () => randomBytes(KEY_BYTES).toString('base64');
  const kid = () => randomBytes(6).toString('hex');
  const { privateKey } = generateKeyPairSync('ed25519');
  const signing = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return `${JSON.stringify(
    {
      passwordPepper: random(),
      refreshKey: random(),
      dataKeys: [{ kid: kid(), value: random() }],
      signingKeys: [{ kid: kid(), value: signing }],
    },
    null,
    2,
  )}\n`;
}
