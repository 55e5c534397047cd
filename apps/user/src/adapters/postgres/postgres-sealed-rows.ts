import { typeId } from '@libs/kernel/ids';
import { Sql, type Statements } from '@libs/postgres/sql';
import { Transactions } from '@libs/postgres/transaction';
import { DataKeys, type SealedPlace, SealedRows, Sealer } from '../../application/ports';
import { messagePlace } from './postgres-account-messages';
import { addressPlace } from './postgres-addresses';
import { phonePlace } from './postgres-users';

interface Row {
  readonly id: string;
  readonly sealed: string;
  readonly userId: string;
  readonly version: number;
}

interface SealedTable {
  readonly name: string;
  readonly column: string;
  readonly select: string;
  place(row: Row): string;
}

/** Every column that holds something sealed. A new one belongs here, and wants the trigger of migration 0003. */
const tables: readonly SealedTable[] = [
  { name: 'users', column: 'phone_sealed', select: 'id as "userId", phone_version as version', place: ({ userId, version }) => phonePlace(typeId('usr', userId), version) },
  { name: 'address_versions', column: 'sealed', select: 'user_id as "userId", 0 as version', place: ({ id, userId }) => addressPlace(typeId('usr', userId), typeId('adv', id)) },
  { name: 'account_messages', column: 'sealed', select: 'id as "userId", 0 as version', place: ({ id }) => messagePlace(typeId('op', id)) },
];

const BATCH = 200;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

export class PostgresSealedRows extends SealedRows {
  constructor(
    private readonly sql: Sql,
    private readonly transactions: Transactions,
    private readonly sealer: Sealer,
    private readonly keys: DataKeys,
  ) {
    super();
  }

  async reseal(after: SealedPlace = { table: 0, id: FIRST_ID }): Promise<{ resealed: number; next?: SealedPlace }> {
    const table = tables[after.table];
    if (!table) return { resealed: 0 };
    const rows = await this.transactions.run(async (tx) => this.resealIn(this.sql.in(tx), table, after.id));
    const last = rows.at(-1);
    return { resealed: rows.length, next: last && rows.length === BATCH ? { table: after.table, id: last.id } : { table: after.table + 1, id: FIRST_ID } };
  }

  async retire(kids: readonly string[]): Promise<boolean> {
    return this.transactions.run(async (tx) => {
      const statements = this.sql.in(tx);
      // Waits for everybody who is writing: after this, whoever still held an old key is refused by the database.
      await statements.query(`lock table ${tables.map(({ name }) => name).join(', ')} in share row exclusive mode`);
      for (const { name, column } of tables)
        if ((await statements.query(`select 1 from ${name} where split_part(${column}, '.', 1) = any($1) limit 1`, [kids])).length > 0) return false;
      await statements.query('insert into retired_data_keys (kid) select unnest($1::text[]) on conflict do nothing', [kids]);
      return true;
    });
  }

  private async resealIn(statements: Statements, { name, column, select, place }: SealedTable, after: string): Promise<readonly Row[]> {
    const [current = ''] = this.keys.ids();
    const rows = await statements.query<Row>(
      `select id, ${column} as sealed, ${select} from ${name} where id > $1 and split_part(${column}, '.', 1) <> $2 order by id limit ${BATCH} for update`,
      [after, current]);
    for (const row of rows) {
      const sealed = this.sealer.seal(this.sealer.open(row.sealed, place(row)), place(row));
      await statements.query(`update ${name} set ${column} = $2 where id = $1`, [row.id, sealed]);
    }
    return rows;
  }
}
