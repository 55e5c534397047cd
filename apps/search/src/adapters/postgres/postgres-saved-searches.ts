import { Injectable } from '@nestjs/common';
import { typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import { Transactions } from '@libs/postgres/transaction';
import { type SavedSearch, SavedSearches } from '../../application/ports';

interface Row {
  readonly id: string;
  readonly name: string;
  /** Written below, in this shape. */
  readonly query: Pick<SavedSearch, 'text' | 'filter' | 'sort'>;
  readonly created_at: Date;
}

@Injectable()
export class PostgresSavedSearches extends SavedSearches {
  constructor(
    private readonly sql: Sql,
    private readonly transactions: Transactions,
  ) {
    super();
  }

  async of(userId: string): Promise<readonly SavedSearch[]> {
    const rows = await this.sql.query<Row>('select id, name, query, created_at from saved_searches where user_id = $1 order by id desc', [uuidOfOwn('usr', userId)]);
    return rows.map(({ id, name, query, created_at: createdAt }) => ({ id: typeId('sav', id), name, ...query, createdAt }));
  }

  add(userId: string, { id, name, text, filter, sort, createdAt }: SavedSearch, limit: number): Promise<boolean> {
    const user = uuidOfOwn('usr', userId);
    return this.transactions.run(async (tx) => {
      const statements = this.sql.in(tx);
      // One after the other for each user, so that two at once are counted both.
      await statements.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [userId]);
      const [row] = await statements.query<{ kept: number }>('select count(*) as kept from saved_searches where user_id = $1', [user]);
      if ((row?.kept ?? 0) >= limit) return false;
      await statements.query('insert into saved_searches (id, user_id, name, query, created_at) values ($1, $2, $3, $4, $5)', [uuidOfOwn('sav', id), user, name, JSON.stringify({ text, filter, sort }), createdAt]);
      return true;
    });
  }

  async remove(userId: string, id: string): Promise<boolean> {
    const uuid = uuidOf('sav', id);
    const gone = uuid ? await this.sql.query('delete from saved_searches where id = $1 and user_id = $2 returning id', [uuid, uuidOfOwn('usr', userId)]) : [];
    return gone.length > 0;
  }
}
