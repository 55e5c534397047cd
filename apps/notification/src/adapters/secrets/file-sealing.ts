import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { SecretBox } from '@libs/secrets/secret-box';
import { keyIn } from '@libs/secrets/secrets-file';
import { Sealing } from '../../application/ports';
import { type EventName, eventNames } from '../../domain/catalogue';
import { NotificationConfig } from '../../notification.config';

const KEY_BYTES = 32;
const UUID_BYTES = 16;
const MAC_BYTES = 16;

/** Seals and signs (HMAC-SHA-256) under keys that are derived from one file beside the database. */
@Injectable()
export class FileSealing extends Sealing {
  private readonly box: SecretBox;
  private readonly linkKey: Buffer;

  constructor({ values }: NotificationConfig) {
    super();
    const key = keyIn(values.NOTIFICATION_SECRETS_FILE ?? join(values.DATA_DIR, 'secrets', 'notification.key'));
    const derived = (use: string) => Buffer.from(hkdfSync('sha256', key, '', `notification ${use}`, KEY_BYTES));
    this.box = new SecretBox(derived('sealing'));
    this.linkKey = derived('links');
  }

  override seal(text: string, rowId: string): Buffer {
    return this.box.seal(text, rowId);
  }

  override open(sealed: Buffer, rowId: string): string | undefined {
    return this.box.open(sealed, rowId);
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
