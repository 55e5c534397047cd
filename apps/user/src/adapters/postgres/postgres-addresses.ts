import { Injectable } from '@nestjs/common';
import { typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { Addresses, Sealer } from '../../application/ports';
import { type Address, type AddressChange, type AddressParts, addressParts } from '../../domain/address';

interface Row {
  readonly id: string;
  readonly versionId: string;
  readonly userId: string;
  readonly isDefault: boolean;
  readonly sealed: string;
}

const SELECT = `select a.id, v.id as "versionId", a.user_id as "userId", a.is_default as "isDefault", v.sealed from addresses a`;

const UPSERT = `insert into addresses (id, user_id, current_version, is_default, created_at) values ($1, $2, $3, $4, $5)
  on conflict (id) do update set current_version = excluded.current_version, is_default = excluded.is_default`;

const INSERT_VERSION = `insert into address_versions (id, address_id, user_id, sealed, created_at) values ($1, $2, $3, $4, $5) on conflict (id) do nothing`;

@Injectable()
export class PostgresAddresses extends Addresses {
  constructor(
    private readonly sql: Sql,
    private readonly sealer: Sealer,
  ) {
    super();
  }

  async of(userId: string, tx?: Transaction): Promise<readonly Address[]> {
    const uuid = uuidOf('usr', userId);
    if (uuid === undefined) return [];
    const statements = tx ? this.sql.in(tx) : this.sql;
    if (tx) await statements.query('select id from users where id = $1 for update', [uuid]);
    const rows = await statements.query<Row>(
      `${SELECT} join address_versions v on v.id = a.current_version where a.user_id = $1 and a.removed_at is null order by a.is_default desc, a.id desc`,
      [uuid],
    );
    return rows.map((row) => this.addressOf(row));
  }

  async version(versionId: string): Promise<{ address: Address; userId: string } | undefined> {
    const uuid = uuidOf('adv', versionId);
    if (uuid === undefined) return undefined;
    const [row] = await this.sql.query<Row>(`${SELECT} join address_versions v on v.address_id = a.id where v.id = $1`, [uuid]);
    return row && { address: this.addressOf(row), userId: typeId('usr', row.userId) };
  }

  async apply(tx: Transaction, userId: string, changes: readonly AddressChange[], at: Date): Promise<void> {
    const statements = this.sql.in(tx);
    const user = uuidOfOwn('usr', userId);
    for (const { kind, address } of changes)
      if (kind === 'removed' && changes.every((other) => other.kind === 'removed' || other.address.id !== address.id))
        await statements.query('update addresses set removed_at = $2, is_default = false where id = $1', [uuidOfOwn('adr', address.id), at]);
    for (const { kind, address } of changes) {
      if (kind !== 'added') continue;
      const [id, version] = [uuidOfOwn('adr', address.id), uuidOfOwn('adv', address.versionId)];
      if (address.isDefault) await statements.query('update addresses set is_default = false where user_id = $1 and is_default', [user]);
      await statements.query(UPSERT, [id, user, version, address.isDefault, at]);
      await statements.query(INSERT_VERSION, [version, id, user, this.sealer.seal(textOf(address), addressPlace(userId, address.versionId)), at]);
    }
  }

  private addressOf({ id, versionId, userId, isDefault, sealed }: Row): Address {
    const version = typeId('adv', versionId);
    // Written by `textOf` in this shape, and authenticated since.
    const parts = JSON.parse(this.sealer.open(sealed, addressPlace(typeId('usr', userId), version))) as AddressParts;
    return { ...parts, id: typeId('adr', id), versionId: version, isDefault };
  }
}

function textOf(address: Address): string {
  return JSON.stringify(Object.fromEntries(addressParts.map((part) => [part, address[part]])));
}

export function addressPlace(userId: string, versionId: string): string {
  return `address_versions|sealed|${userId}|${versionId}`;
}
