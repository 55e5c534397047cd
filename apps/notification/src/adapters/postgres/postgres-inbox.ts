import { Injectable } from '@nestjs/common';
import { typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import { Inbox, type InboxItem, type InboxStatus } from '../../application/ports';

interface Row {
  readonly id: string;
  readonly event: string;
  readonly title: string;
  readonly body: string;
  readonly link: string;
  readonly status: InboxStatus;
  readonly created_at: Date;
}

const PAGE = `select * from inbox where user_id = $1 and (status = $2 or ($2::text is null and status <> 'archived')) and ($3::uuid is null or id < $3) order by id desc limit $4`;
/** What was read stays read: it is not made seen again by a page that opens late. */
const FURTHER = `array_position(array['unseen', 'seen', 'read', 'archived'], status) < array_position(array['unseen', 'seen', 'read', 'archived'], $2::text)`;

@Injectable()
export class PostgresInbox extends Inbox {
  constructor(private readonly sql: Sql) {
    super();
  }

  async page(userId: string, { status, limit, before }: Parameters<Inbox['page']>[1]): Promise<InboxItem[]> {
    const rows = await this.sql.query<Row>(PAGE, [uuidOfOwn('usr', userId), status ?? null, before ? uuidOfOwn('ntf', before) : null, limit]);
    return rows.map(itemOf);
  }

  async counts(userId: string): Promise<Readonly<Record<InboxStatus, number>>> {
    const rows = await this.sql.query<{ status: InboxStatus; items: number }>('select status, count(*) as items from inbox where user_id = $1 group by status', [uuidOfOwn('usr', userId)]);
    return { unseen: 0, seen: 0, read: 0, archived: 0, ...Object.fromEntries(rows.map(({ status, items }) => [status, items])) };
  }

  async mark(userId: string, id: string, status: InboxStatus): Promise<InboxItem | undefined> {
    const uuid = uuidOf('ntf', id);
    const rows = uuid ? await this.sql.query<Row>('update inbox set status = $3 where id = $1 and user_id = $2 returning *', [uuid, uuidOfOwn('usr', userId), status]) : [];
    return rows[0] && itemOf(rows[0]);
  }

  async markAll(userId: string, status: InboxStatus): Promise<number> {
    return (await this.sql.query(`update inbox set status = $2 where user_id = $1 and ${FURTHER} returning id`, [uuidOfOwn('usr', userId), status])).length;
  }
}

function itemOf({ id, event, title, body: text, link, status, created_at: createdAt }: Row): InboxItem {
  return { id: typeId('ntf', id), event, title, text, link, status, createdAt };
}
