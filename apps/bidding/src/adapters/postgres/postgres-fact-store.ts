import { Injectable } from '@nestjs/common';
import { type IdPrefix, typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { type FactEffect, FactStore } from '../../application/ports';
import type { SuspensionScope, TraderFacts } from '../../domain/trader-facts';

const EFFECTS_AT_ONCE_MAX = 500;

const TRADER = `
  select t.suspended, t.buying_suspended, t.selling_suspended, t.email_verified, coalesce(p.enabled, false) as payout_enabled,
         (select coalesce(json_agg(id order by is_default desc, pos), '[]') from payment_methods where user_id = u.id and not removed) as methods,
         (select coalesce(json_agg(json_build_array(address_id, version_id) order by is_default desc, pos), '[]') from addresses where user_id = u.id and not removed) as addresses
    from (select $1::uuid as id) u left join trader_states t on t.user_id = u.id left join payout_accounts p on p.user_id = u.id`;

/** One for each shard: whoever owns it applies it there. */
const EFFECT = 'insert into fact_effects (shard, kind, subject, detail) select id, $1, $2, $3 from shards';

const uuid = (prefix: IdPrefix, id: string) => uuidOfOwn(prefix, id);

@Injectable()
export class PostgresFactStore extends FactStore {
  constructor(
    private readonly sql: Sql,
    private readonly transactions: Transactions,
  ) {
    super();
  }

  async trader(userId: string): Promise<TraderFacts> {
    const [row] = await this.sql.query<{ suspended: boolean | null; buying_suspended: boolean | null; selling_suspended: boolean | null; email_verified: boolean | null; payout_enabled: boolean; methods: string[]; addresses: [string, string][] }>(TRADER, [uuid('usr', userId)]);
    return {
      userId,
      emailVerified: row?.email_verified ?? false,
      suspended: row?.suspended ?? false,
      buyingSuspended: row?.buying_suspended ?? false,
      sellingSuspended: row?.selling_suspended ?? false,
      payoutEnabled: row?.payout_enabled ?? false,
      paymentMethodIds: (row?.methods ?? []).map((id) => typeId('pm', id)),
      addresses: (row?.addresses ?? []).map(([address, version]) => ({ addressId: typeId('adr', address), versionId: typeId('adv', version) })),
    };
  }

  async adopt(told: TraderFacts): Promise<void> {
    const user = uuid('usr', told.userId);
    await this.transactions.run(async (tx) => {
      const sql = this.sql.in(tx);
      // A suspension that was heard of stays as it was told; an address that is verified stays so for ever.
      await sql.query(
        `insert into trader_states as t (user_id, suspended, buying_suspended, selling_suspended, email_verified) values ($1, $2, $3, $4, $5)
             on conflict (user_id) do update set email_verified = t.email_verified or excluded.email_verified`,
        [user, told.suspended, told.buyingSuspended, told.sellingSuspended, told.emailVerified]);
      if (told.payoutEnabled) await sql.query('insert into payout_accounts values ($1, true) on conflict do nothing', [user]);
      for (const [at, id] of told.paymentMethodIds.entries()) {
        await sql.query(
          `insert into payment_methods (id, user_id, is_default)
           select $1, $2, $3 and not exists (select from payment_methods where user_id = $2 and is_default and not removed) on conflict do nothing`,
          [uuid('pm', id), user, at === 0]);
      }
      for (const [at, { addressId, versionId }] of told.addresses.entries()) {
        await sql.query(
          `insert into addresses (version_id, address_id, user_id, is_default)
           select $1, $2, $3, $4 and not exists (select from addresses where user_id = $3 and is_default and not removed) on conflict do nothing`,
          [uuid('adv', versionId), uuid('adr', addressId), user, at === 0]);
      }
    });
  }

  async suspended(tx: Transaction, userId: string, scope: SuspensionScope): Promise<void> {
    const sql = this.sql.in(tx);
    await sql.query(
      `insert into trader_states as t (user_id, suspended, buying_suspended, selling_suspended) values ($1, $2, $3, $4)
           on conflict (user_id) do update set suspended = t.suspended or excluded.suspended,
             buying_suspended = t.buying_suspended or excluded.buying_suspended, selling_suspended = t.selling_suspended or excluded.selling_suspended`,
      [uuid('usr', userId), scope === 'all', scope === 'buying', scope === 'selling']);
    await sql.query(EFFECT, ['suspended', uuid('usr', userId), scope]);
  }

  async reinstated(tx: Transaction, userId: string): Promise<void> {
    await this.sql.in(tx).query(
      `insert into trader_states (user_id, suspended, buying_suspended) values ($1, false, false)
           on conflict (user_id) do update set suspended = false, buying_suspended = false, selling_suspended = false`, [uuid('usr', userId)]);
    await this.changed(tx, userId);
  }

  async emailVerified(tx: Transaction, userId: string): Promise<void> {
    await this.sql.in(tx).query(
      `insert into trader_states (user_id, suspended, buying_suspended, email_verified) values ($1, false, false, true)
           on conflict (user_id) do update set email_verified = true`, [uuid('usr', userId)]);
    await this.changed(tx, userId);
  }

  async paymentMethodVerified(tx: Transaction, userId: string, id: string, isDefault: boolean): Promise<void> {
    const sql = this.sql.in(tx);
    if (isDefault) await sql.query('update payment_methods set is_default = false where user_id = $1', [uuid('usr', userId)]);
    await sql.query(
      `insert into payment_methods (id, user_id, is_default) values ($1, $2, $3) on conflict (id) do update set is_default = excluded.is_default`,
      [uuid('pm', id), uuid('usr', userId), isDefault]);
    await this.changed(tx, userId);
  }

  async paymentMethodRemoved(tx: Transaction, userId: string, id: string): Promise<void> {
    await this.sql.in(tx).query(
      `insert into payment_methods (id, user_id, is_default, removed) values ($1, $2, false, true) on conflict (id) do update set removed = true`,
      [uuid('pm', id), uuid('usr', userId)]);
    await this.changed(tx, userId);
  }

  async addressAdded(tx: Transaction, userId: string, { addressId, versionId }: { addressId: string; versionId: string }, isDefault: boolean): Promise<void> {
    const sql = this.sql.in(tx);
    if (isDefault) await sql.query('update addresses set is_default = false where user_id = $1', [uuid('usr', userId)]);
    await sql.query(
      `insert into addresses (version_id, address_id, user_id, is_default) values ($1, $2, $3, $4) on conflict (version_id) do update set is_default = excluded.is_default`,
      [uuid('adv', versionId), uuid('adr', addressId), uuid('usr', userId), isDefault]);
    await this.changed(tx, userId);
  }

  async addressRemoved(tx: Transaction, userId: string, { addressId, versionId }: { addressId: string; versionId: string }, replacedBy: string | undefined): Promise<void> {
    const sql = this.sql.in(tx);
    const parameters = [uuid('adv', versionId), uuid('adr', addressId), uuid('usr', userId)];
    if (replacedBy !== undefined) {
      // Quotes that are pinned to the old version go to the new one, whether or not its own event has come yet.
      await sql.query(
        `insert into addresses (version_id, address_id, user_id, is_default)
         select $4, $2, $3, coalesce((select is_default from addresses where version_id = $1), false) on conflict do nothing`, [...parameters, uuid('adv', replacedBy)]);
    }
    await sql.query(
      `insert into addresses (version_id, address_id, user_id, is_default, removed) values ($1, $2, $3, false, true) on conflict (version_id) do update set removed = true`, parameters);
    await this.changed(tx, userId, replacedBy);
  }

  async payoutAccount(tx: Transaction, userId: string, isEnabled: boolean): Promise<void> {
    await this.sql.in(tx).query('insert into payout_accounts values ($1, $2) on conflict (user_id) do update set enabled = excluded.enabled', [uuid('usr', userId), isEnabled]);
    await this.changed(tx, userId);
  }

  async effects(shards: readonly number[]): Promise<FactEffect[]> {
    if (shards.length === 0) return [];
    const rows = await this.sql.query<{ id: number; shard: number; kind: FactEffect['kind']; subject: string; detail: string | null }>(
      `select id, shard, kind, subject, detail from fact_effects where shard = any ($1) order by id limit ${EFFECTS_AT_ONCE_MAX}`, [shards]);
    return rows.map((row) => ({ ...row, subject: typeId(row.kind === 'market_changed' ? 'mkt' : 'usr', row.subject) }));
  }

  async pendingEffects(): Promise<number> {
    const [row] = await this.sql.query<{ n: number }>('select count(*)::int as n from fact_effects');
    return row?.n ?? 0;
  }

  private async changed(tx: Transaction, userId: string, replacedBy?: string): Promise<void> {
    await this.sql.in(tx).query(EFFECT, ['facts_changed', uuid('usr', userId), replacedBy ?? null]);
  }
}
