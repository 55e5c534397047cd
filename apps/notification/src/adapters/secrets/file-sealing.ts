import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sealing } from '../../application/ports';
import { type EventName, eventNames } from '../../domain/catalogue';
import { NotificationConfig } from '../../notification.config';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const UUID_BYTES = 16;
const MAC_BYTES = 16;

/** AES-256-GCM and HMAC-SHA-256 under keys that are derived from one file beside the database. */
@Injectable()
export class FileSealing extends Sealing {
  private readonly sealingKey: Buffer;
  private readonly linkKey: Buffer;

  constructor({ values }: NotificationConfig) {
    super();
    const key = keyIn(values.NOTIFICATION_SECRETS_FILE ?? join(values.DATA_DIR, 'secrets', 'notification.key'));
    const derived = (use: string) => Buffer.from(hkdfSync('sha256', key, '', `notification ${use}`, KEY_BYTES));
    this.sealingKey = derived('sealing');
    this.linkKey = derived('links');
  }

  override seal(text: string, rowId: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.sealingKey, nonce).setAAD(Buffer.from(rowId));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  override open(sealed: Buffer, rowId: string): string | undefined {
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.sealingKey, sealed.subarray(0, NONCE_BYTES)).setAAD(Buffer.from(rowId));
      decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      return undefined;
    }
  }

  /** Good for ever, and for this alone: a mail may be read years later. */
  override unsubscribeToken(userId: string, event: EventName): string {
    const said = Buffer.concat([Buffer.from(uuidOfOwn('usr', userId).replaceAll('-', ''), 'hex'), Buffer.from(event)]);
    return Buffer.concat([this.macOf(said), said]).toString('base64url');
  }

  override openUnsubscribeToken(token: string): { userId: string; event: string } | undefined {
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length <= MAC_BYTES + UUID_BYTES) return undefined;
    const said = bytes.subarray(MAC_BYTES);
    if (!timingSafeEqual(bytes.subarray(0, MAC_BYTES), this.macOf(said))) return undefined;
    const event = eventNames.find((name) => name === said.subarray(UUID_BYTES).toString('utf8'));
    return event && { userId: typeId('usr', said.subarray(0, UUID_BYTES).toString('hex')), event };
  }

  private macOf(said: Buffer): Buffer {
    return createHmac('sha256', this.linkKey).update(said).digest().subarray(0, MAC_BYTES);
  }
}

/** Made at the first start, whole or not at all: of two that start at once, one's file is linked and both read it. */
function keyIn(file: string): Buffer {
  if (!existsSync(file)) {
    const draft = `${file}.${randomBytes(4).toString('hex')}`;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { mode: 0o600 });
    try {
      linkSync(draft, file);
    } catch (error) {
      if (!existsSync(file)) throw error;
    } finally {
      rmSync(draft);
    }
  }
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'hex');
  if (key.length !== KEY_BYTES) throw new Error(`${file} does not hold a key of ${KEY_BYTES} bytes`);
  return key;
}
