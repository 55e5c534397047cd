import { Injectable } from '@nestjs/common';
import { uuidOf } from '@libs/kernel/ids';
import { normalizeEmail } from '../domain/email';
import { cursorInvalid } from '../domain/errors';
import type { User } from '../domain/user';
import { Users } from './ports';

const DEFAULT_PAGE = 20;
const MAX_PAGE = 100;

@Injectable()
export class ReadUsers {
  constructor(private readonly users: Users) {}

  async page({ query, limit, cursor }: { query: string; limit: number; cursor: string }): Promise<{ users: readonly User[]; next?: string }> {
    if (cursor !== '' && !uuidOf('usr', cursor)) throw cursorInvalid();
    return this.users.page({ query: normalizeEmail(query), limit: Math.min(Math.max(limit || DEFAULT_PAGE, 1), MAX_PAGE), after: cursor });
  }
}
