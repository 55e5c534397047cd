import { Injectable } from '@nestjs/common';
import { typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql, type Statements } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { violates } from '@libs/postgres/violations';
import { type Credentials, Sealer, Users } from '../../application/ports';
import type { User } from '../../domain/user';

interface Row extends Omit<User, 'phone' | 'reinstatedAt'> {
  readonly reinstatedAt: Date | null;
  readonly phoneSealed: string | null;
  readonly phoneVersion: number;
  readonly passwordHash: string;
}

const SELECT = `select id, email, password_hash as "passwordHash", first_name as "firstName", last_name as "lastName",
  phone_sealed as "phoneSealed", phone_version as "phoneVersion", roles, email_verified as "emailVerified", suspended,
  buying_suspended as "buyingSuspended", selling_suspended as "sellingSuspended", reinstated_at as "reinstatedAt", created_at as "createdAt", version from users`;

const INSERT = `insert into users (id, email, password_hash, first_name, last_name, roles, email_verified, suspended, buying_suspended, selling_suspended, created_at, version)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (email) do nothing returning id`;

const UPDATE = `update users set first_name = $2, last_name = $3, roles = $4, email_verified = $5, suspended = $6, buying_suspended = $7,
  selling_suspended = $8, reinstated_at = $9, version = $10, phone_sealed = $11, phone_version = $12 where id = $1`;

// The beginning of a text is a range of its index: no wildcard of the caller's is ever interpreted.
const PAGE = `${SELECT} where ($1::text = '' or id = $2::uuid or starts_with(email, $1) or starts_with(lower(last_name), $1) or starts_with(lower(first_name), $1))
  and ($3::uuid is null or id < $3) order by id desc limit $4`;

@Injectable()
export class PostgresUsers extends Users {
  constructor(
    private readonly sql: Sql,
    private readonly sealer: Sealer,
  ) {
    super();
  }

  async find(id: string, tx?: Transaction): Promise<User | undefined> {
    const uuid = uuidOf('usr', id);
    return uuid === undefined ? undefined : (await this.one(tx ? this.sql.in(tx) : this.sql, `${SELECT} where id = $1`, uuid))?.user;
  }

  async credentialsOf(by: { readonly email: string } | { readonly id: string }): Promise<Credentials | undefined> {
    if ('email' in by) return this.one(this.sql, `${SELECT} where email = $1`, by.email);
    const uuid = uuidOf('usr', by.id);
    return uuid === undefined ? undefined : this.one(this.sql, `${SELECT} where id = $1`, uuid);
  }

  async lock(tx: Transaction, id: string): Promise<Credentials | undefined> {
    const uuid = uuidOf('usr', id);
    return uuid === undefined ? undefined : this.one(this.sql.in(tx), `${SELECT} where id = $1 for update`, uuid);
  }

  async add(tx: Transaction, user: User, passwordHash: string): Promise<boolean> {
    const rows = await this.sql.in(tx).query(INSERT, [
      uuidOfOwn('usr', user.id), user.email, passwordHash, user.firstName, user.lastName, user.roles,
      user.emailVerified, user.suspended, user.buyingSuspended, user.sellingSuspended, user.createdAt, user.version,
    ]);
    return rows.length === 1;
  }

  async update(tx: Transaction, user: User): Promise<void> {
    const statements = this.sql.in(tx);
    const uuid = uuidOfOwn('usr', user.id);
    // Sealed anew with every version, so that no two versions of a row share a place.
    const phone = user.phone === '' ? null : this.sealer.seal(user.phone, phonePlace(user.id, user.version));
    await statements.query(UPDATE, [
      uuid, user.firstName, user.lastName, user.roles, user.emailVerified, user.suspended, user.buyingSuspended,
      user.sellingSuspended, user.reinstatedAt ?? null, user.version, phone, user.version,
    ]);
  }

  async changeEmail(tx: Transaction, user: User): Promise<boolean> {
    if ((await this.idOf(tx, user.email)) !== undefined) return false;
    await this.update(tx, user);
    try {
      await this.sql.in(tx).query('update users set email = $2 where id = $1', [uuidOfOwn('usr', user.id), user.email]);
      return true;
    } catch (error) {
      // Somebody else has just taken it. The transaction is spoiled by that, and the caller's refusal ends it.
      if (violates(error, 'one_account_an_email')) return false;
      throw error;
    }
  }

  async idOf(tx: Transaction, email: string): Promise<string | undefined> {
    const [row] = await this.sql.in(tx).query<{ id: string }>('select id from users where email = $1', [email]);
    return row && typeId('usr', row.id);
  }

  async setPassword(tx: Transaction, id: string, passwordHash: string): Promise<void> {
    await this.sql.in(tx).query('update users set password_hash = $2 where id = $1', [uuidOfOwn('usr', id), passwordHash]);
  }

  async lockAdmins(tx: Transaction): Promise<readonly string[]> {
    const statements = this.sql.in(tx);
    await lockAdminList(statements);
    const rows = await statements.query<{ id: string }>(`select id from users where 'admin' = any(roles) and not suspended`);
    return rows.map(({ id }) => typeId('usr', id));
  }

  async page({ query, limit, after }: { query: string; limit: number; after: string }): Promise<{ users: readonly User[]; next?: string }> {
    const rows = await this.sql.query<Row>(PAGE, [query, uuidOf('usr', query) ?? null, uuidOf('usr', after) ?? null, limit + 1]);
    const users = rows.slice(0, limit).map((row) => this.userOf(row));
    const last = users.at(-1);
    return { users, ...(rows.length > limit && last && { next: last.id }) };
  }

  private async one(statements: Statements, text: string, value: string): Promise<Credentials | undefined> {
    const [row] = await statements.query<Row>(text, [value]);
    return row && { user: this.userOf(row), passwordHash: row.passwordHash };
  }

  private userOf({ passwordHash: _, phoneSealed, phoneVersion, reinstatedAt, ...row }: Row): User {
    const id = typeId('usr', row.id);
    const phone = phoneSealed === null ? '' : this.sealer.open(phoneSealed, phonePlace(id, phoneVersion));
    return { ...row, id, phone, ...(reinstatedAt && { reinstatedAt }) };
  }
}

/** Whoever changes who is an administrator comes one after the other, also where there is none yet, whose row could be locked. */
export async function lockAdminList(statements: Statements): Promise<void> {
  await statements.query(`select pg_advisory_xact_lock(hashtext('user.admins'))`);
}

export function phonePlace(userId: string, version: number): string {
  return `users|phone|${userId}|${version}`;
}
