import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { invariant } from '@libs/kernel/invariant';
import { Sealer } from '../../application/ports';
import { UserSecrets } from './secrets';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `<key id>.<base64url of nonce, tag, ciphertext>`; the place is authenticated with it, so that a text moved to another row does not open. */
@Injectable()
export class AesSealer extends Sealer {
  constructor(private readonly secrets: UserSecrets) {
    super();
  }

  seal(text: string, place: string): string {
    const [key] = this.secrets.dataKeys;
    invariant(key, 'there is no data key');
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, key.value, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return `${key.kid}.${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`;
  }

  open(sealed: string, place: string): string {
    const dot = sealed.indexOf('.');
    const key = this.secrets.dataKeys.find(({ kid }) => kid === sealed.slice(0, dot));
    invariant(key, 'sealed with a key that is not in the secrets file');
    const bytes = Buffer.from(sealed.slice(dot + 1), 'base64url');
    const decipher = createDecipheriv(ALGORITHM, key.value, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
  }
}
