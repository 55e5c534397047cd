import { createHash, createHmac, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { RefreshTokens } from '../../application/ports';
import type { Client } from '../../domain/session';
import { UserSecrets } from './secrets';

const TOKEN_BYTES = 32;
const NONCE_BYTES = 16;

/** Tokens of 256 random bits. A successor needs three things to be computed: the token, its row's nonce and our key. */
@Injectable()
export class HmacRefreshTokens extends RefreshTokens {
  constructor(private readonly secrets: UserSecrets) {
    super();
  }

  fresh(): string {
    return randomBytes(TOKEN_BYTES).toString('base64url');
  }

  hash(token: string): string {
    return createHash('sha256').update(token).digest('hex');
  }

  nonce(): string {
    return randomBytes(NONCE_BYTES).toString('hex');
  }

  successor(token: string, nonce: string): string {
    return createHmac('sha256', this.secrets.refreshKey).update(`successor\n${nonce}\n${token}`).digest('base64url');
  }

  fingerprint({ ip, userAgent }: Client): string {
    return createHmac('sha256', this.secrets.refreshKey).update(`client\n${ip}\n${userAgent}`).digest('hex');
  }
}
