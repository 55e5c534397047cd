import { Injectable } from '@nestjs/common';
import { Ids, typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { Cards, type Card } from '../../application/ports';

const OPEN_SETUP = `select 1 from setup_intents where user_id = $1 and closed_at is null and started_at > now() - interval '1 hour' limit 1`;

interface Row {
  readonly id: string;
  readonly user_id: string;
  readonly psp_id: string;
  readonly brand: string;
  readonly last4: string;
  readonly exp_month: number;
  readonly exp_year: number;
  readonly is_default: boolean;
}

@Injectable()
export class PostgresCards extends Cards {
  constructor(
    private readonly sql: Sql,
    private readonly ids: Ids,
  ) {
    super();
  }

  async customerOf(userId: string): Promise<string | undefined> {
    const [row] = await this.sql.query<{ psp_id: string }>('select psp_id from customers where user_id = $1', [uuidOfOwn('usr', userId)]);
    return row?.psp_id;
  }

  async userOf(customerId: string): Promise<string | undefined> {
    const [row] = await this.sql.query<{ user_id: string }>('select user_id from customers where psp_id = $1', [customerId]);
    return row && typeId('usr', row.user_id);
  }

  async addCustomer(tx: Transaction, userId: string, customerId: string): Promise<void> {
    await this.sql.in(tx).query('insert into customers (user_id, psp_id) values ($1, $2) on conflict do nothing', [uuidOfOwn('usr', userId), customerId]);
  }

  async setupStarted(tx: Transaction, userId: string, setupIntentId: string): Promise<void> {
    await this.sql.in(tx).query('insert into setup_intents (psp_id, user_id) values ($2, $1) on conflict do nothing', [uuidOfOwn('usr', userId), setupIntentId]);
  }

  async hasOpenSetup(userId: string): Promise<boolean> {
    return (await this.sql.query(OPEN_SETUP, [uuidOfOwn('usr', userId)])).length > 0;
  }

  async closeSetup(tx: Transaction, setupIntentId: string): Promise<void> {
    await this.sql.in(tx).query('update setup_intents set closed_at = now() where psp_id = $1 and closed_at is null', [setupIntentId]);
  }

  async ownerOf(providerId: string): Promise<string | undefined> {
    const [row] = await this.sql.query<{ user_id: string }>('select user_id from payment_methods where psp_id = $1', [providerId]);
    return row && typeId('usr', row.user_id);
  }

  async lockUser(tx: Transaction, userId: string): Promise<void> {
    await this.sql.in(tx).query('select 1 from customers where user_id = $1 for update', [uuidOfOwn('usr', userId)]);
  }

  async ofUser(userId: string, tx?: Transaction): Promise<Card[]> {
    const statements = tx ? this.sql.in(tx) : this.sql;
    const text = 'select * from payment_methods where user_id = $1 and removed_at is null order by is_default desc, id';
    return (await statements.query<Row>(text, [uuidOfOwn('usr', userId)])).map(cardOf);
  }

  async changesOf(userId: string, tx?: Transaction): Promise<number> {
    const statements = tx ? this.sql.in(tx) : this.sql;
    // A row stays when its card is removed.
    const [row] = await statements.query<{ changes: number }>('select count(*) + count(removed_at) as changes from payment_methods where user_id = $1', [uuidOfOwn('usr', userId)]);
    return row?.changes ?? 0;
  }

  async find(cardId: string): Promise<Card | undefined> {
    const id = uuidOf('pm', cardId);
    if (!id) return undefined;
    const [row] = await this.sql.query<Row>('select * from payment_methods where id = $1 and removed_at is null', [id]);
    return row && cardOf(row);
  }

  async add(tx: Transaction, card: Parameters<Cards['add']>[1]): Promise<Card> {
    const id = this.ids.next('pm');
    const text = `insert into payment_methods (id, user_id, psp_id, brand, last4, exp_month, exp_year, fingerprint, is_default) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`;
    const { userId, providerId, brand, last4, expMonth, expYear, fingerprint, isDefault } = card;
    await this.sql.in(tx).query(text, [uuidOfOwn('pm', id), uuidOfOwn('usr', userId), providerId, brand, last4, expMonth, expYear, fingerprint ?? null, isDefault]);
    return { id, userId, providerId, brand, last4, expMonth, expYear, isDefault };
  }

  async remove(tx: Transaction, cardId: string): Promise<void> {
    await this.sql.in(tx).query('update payment_methods set removed_at = now(), is_default = false where id = $1', [uuidOfOwn('pm', cardId)]);
  }

  async makeDefault(tx: Transaction, userId: string, cardId: string): Promise<void> {
    const user = uuidOfOwn('usr', userId);
    await this.sql.in(tx).query('update payment_methods set is_default = false where user_id = $1 and is_default', [user]);
    await this.sql.in(tx).query('update payment_methods set is_default = true where user_id = $1 and id = $2 and removed_at is null', [user, uuidOfOwn('pm', cardId)]);
  }
}

function cardOf(row: Row): Card {
  return {
    id: typeId('pm', row.id),
    userId: typeId('usr', row.user_id),
    providerId: row.psp_id,
    brand: row.brand,
    last4: row.last4,
    expMonth: row.exp_month,
    expYear: row.exp_year,
    isDefault: row.is_default,
  };
}
