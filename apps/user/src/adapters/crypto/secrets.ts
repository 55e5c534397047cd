import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { chownSync, closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { readOrMake } from '@libs/secrets/secrets-file';
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
  readonly signingKeys: readonly NamedKey<KeyObject>[];
  private readonly path: string;
  private heldDataKeys: readonly NamedKey<Buffer>[];
  private stamp: string;

  constructor(config: UserConfig) {
    const path = config.values.USER_SECRETS_FILE;
    const secrets = Secrets.parse(JSON.parse(readOrMake(path, generated)));
    this.path = path;
    this.stamp = stampOf(path);
    this.passwordPepper = secrets.passwordPepper;
    this.refreshKey = secrets.refreshKey;
    this.heldDataKeys = secrets.dataKeys;
    this.signingKeys = secrets.signingKeys;
  }

  /** Read again when the file has been replaced: a rotation reaches services that run. */
  get dataKeys(): readonly NamedKey<Buffer>[] {
    const stamp = stampOf(this.path);
    if (stamp !== this.stamp) {
      const { dataKeys } = Secrets.parse(JSON.parse(readFileSync(this.path, 'utf8')));
      // Rows that were read a moment ago may still want a key that has just been forgotten.
      const gone = this.heldDataKeys.filter(({ kid }) => !dataKeys.some((key) => key.kid === kid));
      this.heldDataKeys = [...dataKeys, ...gone];
      this.stamp = stamp;
    }
    return this.heldDataKeys;
  }
}

function stampOf(path: string): string {
  const { ino, mtimeMs, size } = statSync(path);
  return `${ino} ${mtimeMs} ${size}`;
}

/** Puts a new data key before the others. */
export function addDataKey(path: string): void {
  rewrite(path, (keys) => [freshKey(), ...keys]);
}

/** Keeps only the first data key, which nothing needs the others for any more. */
export function forgetOlderDataKeys(path: string): void {
  rewrite(path, (keys) => keys.slice(0, 1));
}

/** Whole or not at all: whoever reads meanwhile sees the old file or the new one. */
function rewrite(path: string, change: (keys: readonly unknown[]) => readonly unknown[]): void {
  const file: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const { dataKeys } = z.looseObject({ dataKeys: z.array(z.unknown()).min(1) }).parse(file);
  const { uid, gid } = statSync(path);
  const own = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    writeFileSync(own, textOf({ ...(file as object), dataKeys: change(dataKeys) }), { mode: 0o600, flush: true }); // An object, as was just seen.
    chownSync(own, uid, gid);
    renameSync(own, path);
  } catch (error) {
    rmSync(own, { force: true });
    throw error;
  }
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

const random = () => randomBytes(KEY_BYTES).toString('base64');
const randomKid = () => randomBytes(6).toString('hex');
const freshKey = () => ({ kid: randomKid(), value: random() });
const textOf = (file: object) => `${JSON.stringify(file, null, 2)}\n`;

function generated(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  const signing = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return textOf({ passwordPepper: random(), refreshKey: random(), dataKeys: [freshKey()], signingKeys: [{ kid: randomKid(), value: signing }] });
}
