import { Injectable } from '@nestjs/common';
import { uuidOf } from '@libs/kernel/ids';
import { pageSize } from '@libs/kernel/page-size';
import { normalizeEmail } from '../domain/email';
import { cursorInvalid } from '../domain/errors';
import type { User } from '../domain/user';
import { Users } from './ports';

@Injectable()
export class ReadUsers {
  constructor(private readonly users: Users) {}

  async page({ query, limit, cursor }: { query: string; limit: number; cursor: string }): Promise<{ users: readonly User[]; next?: string }> {
    if (cursor !== '' && !uuidOf('usr', cursor)) throw cursorInvalid();
    return this.users.page({ query: normalizeEmail(query), limit: pageSize(limit), after: cursor });
  }
}
