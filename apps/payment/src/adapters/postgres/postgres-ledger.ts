import { Injectable } from '@nestjs/common';
import { Ids, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { invariant } from '@libs/kernel/invariant';
import { Sql, type Statements } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { Ledger } from '../../application/ports';
import { accounts, type Account, type AccountCode, type Posting } from '../../domain/ledger';

const ADD_ACCOUNT = `insert into ledger.account (code, owner_id, currency, normal, may_go_negative) values ($1, $2, $3, $4, $5) on conflict do nothing returning id`;
/** Apart, because an index finds either, but not one condition for both. */
const FIND_COMMON = 'select id from ledger.account where code = $1 and owner_id is null and currency = $2';
const FIND_OWNED = 'select id from ledger.account where code = $1 and owner_id = $2 and currency = $3';
const ADD_TXN = `insert into ledger.txn (id, kind, order_id, idem_key, payload_hash, external_ref, effective_at)
  values ($1, $2, $3, $4, sha256(convert_to($5, 'UTF8')), $6, $7) on conflict (idem_key) do nothing returning id`;
const SAME_TXN = `select payload_hash = sha256(convert_to($2, 'UTF8')) as same from ledger.txn where idem_key = $1`;
/** In the order of the accounts, so that two posts never wait for each other crosswise. */
const ADD_ENTRIES = `insert into ledger.entry (txn_id, line, account_id, currency, amount)
  select $1, row_number() over (order by account_id, amount), account_id, currency, amount
  from unnest($2::bigint[], $3::text[], $4::bigint[]) as line (account_id, currency, amount) order by account_id, amount`;

@Injectable()
export class PostgresLedger extends Ledger {
  constructor(
    private readonly sql: Sql,
    private readonly ids: Ids,
  ) {
    super();
  }

  async post(tx: Transaction, posting: Posting, at: Date): Promise<void> {
    const statements = this.sql.in(tx);
    const payload = JSON.stringify({ ...posting, key: undefined });
    const id = uuidOfOwn('evt', this.ids.next('evt'));
    const order = posting.orderId ? uuidOfOwn('ord', posting.orderId) : null;
    const added = await statements.query(ADD_TXN, [id, posting.kind, order, posting.key, payload, posting.externalRef ?? null, at]);
    if (added.length === 0) {
      const [known] = await statements.query<{ same: boolean }>(SAME_TXN, [posting.key, payload]);
      invariant(known?.same, `${posting.key} was posted with other lines`);
      return;
    }
    const ids: number[] = [];
    for (const entry of posting.entries) ids.push(await this.accountId(statements, entry.account, entry.amount.currency));
    const { entries } = posting;
    await statements.query(ADD_ENTRIES, [id, ids, entries.map((entry) => entry.amount.currency), entries.map((entry) => entry.amount.minor)]);
  }

  async trialBalance(): Promise<{ code: AccountCode; currency: string; balanceMinor: number }[]> {
    const text = `select a.code, a.currency, coalesce(sum(e.amount), 0)::bigint as balance from ledger.account a left join ledger.entry e on e.account_id = a.id group by 1, 2 order by 1, 2`;
    const rows = await this.sql.query<{ code: AccountCode; currency: string; balance: number }>(text);
    return rows.map((row) => ({ code: row.code, currency: row.currency, balanceMinor: row.balance }));
  }

  async hasReference(externalRef: string): Promise<{ stripeNetMinor: number } | undefined> {
    const text = `select coalesce(sum(e.amount) filter (where a.code = 'stripe_balance'), 0)::bigint as net
      from ledger.txn t join ledger.entry e on e.txn_id = t.id join ledger.account a on a.id = e.account_id where t.external_ref = $1 group by t.id`;
    const [row] = await this.sql.query<{ net: number }>(text, [externalRef]);
    return row && { stripeNetMinor: row.net };
  }

  private async accountId(statements: Statements, { code, owner }: Account, currency: string): Promise<number> {
    const ownerId = owner === undefined ? null : ownerUuid(owner);
    const find = () => (ownerId === null ? statements.query<{ id: number }>(FIND_COMMON, [code, currency]) : statements.query<{ id: number }>(FIND_OWNED, [code, ownerId, currency]));
    const [known] = await find();
    if (known) return known.id;
    const added = await statements.query<{ id: number }>(ADD_ACCOUNT, [code, ownerId, currency, accounts[code].normal, accounts[code].mayGoNegative]);
    const [made] = added.length > 0 ? added : await find();
    invariant(made, `no account ${code}`);
    return made.id;
  }
}

/** Held money belongs to an order, what is owed to a seller. */
function ownerUuid(owner: string): string {
  return uuidOf('ord', owner) ?? uuidOfOwn('usr', owner);
}
