import { Injectable } from '@nestjs/common';
import { uuidOf } from '@libs/kernel/ids';
import { pageSize } from '@libs/kernel/page-size';
import { cursorInvalid, notFound, statusUnknown } from '../domain/errors';
import { Inbox, type InboxItem, type InboxStatus, inboxStatuses } from './ports';

/** What somebody has been told, and what they have seen of it. */
@Injectable()
export class ReadInbox {
  constructor(private readonly inbox: Inbox) {}

  async page(userId: string, query: { status: string; limit: number; cursor: string }): Promise<{ items: InboxItem[]; nextCursor: string }> {
    if (query.cursor !== '' && !uuidOf('ntf', query.cursor)) throw cursorInvalid();
    const limit = pageSize(query.limit);
    const status = query.status === '' ? undefined : statusOf(query.status);
    const found = await this.inbox.page(userId, { limit: limit + 1, ...(status && { status }), ...(query.cursor !== '' && { before: query.cursor }) });
    const items = found.slice(0, limit);
    return { items, nextCursor: found.length > limit ? (items.at(-1)?.id ?? '') : '' };
  }

  counts(userId: string): Promise<Readonly<Record<InboxStatus, number>>> {
    return this.inbox.counts(userId);
  }

  async mark(userId: string, id: string, status: string): Promise<InboxItem> {
    const item = await this.inbox.mark(userId, id, statusOf(status));
    if (!item) throw notFound(id);
    return item;
  }

  markAll(userId: string, status: string): Promise<number> {
    return this.inbox.markAll(userId, statusOf(status));
  }
}

function statusOf(status: string): InboxStatus {
  const known = inboxStatuses.find((one) => one === status);
  if (!known) throw statusUnknown(status);
  return known;
}
