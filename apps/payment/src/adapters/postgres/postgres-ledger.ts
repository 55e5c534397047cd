import { Injectable } from '@nestjs/common';
import { Ids, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { invariant } from '@libs/kernel/invariant';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { Ledger } from '../../application/ports';
import { accounts, type AccountCode, type Posting } from '../../domain/ledger';

/** Those that there are already are found by the index, and cost no number of the sequence. */
const ADD_ACCOUNTS = `insert into ledger.account (code, owner_id, currency, normal, may_go_negative)
  select w.* from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::boolean[]) w (code, owner_id, currency, normal, may_go_negative)
   where not exists (select from ledger.account a where a.code = w.code and a.owner_id = w.owner_id and a.currency = w.currency)
     and (w.owner_id is not null or not exists (select from ledger.account a where a.code = w.code and a.owner_id is null and a.currency = w.currency))
  on conflict do nothing`;
const ADD_TXN = `insert into ledger.txn (id, kind, order_id, idem_key, payload_hash, external_ref, effective_at)
  values ($1, $2, $3, $4, sha256(convert_to($5, 'UTF8')), $6, $7) on conflict (idem_key) do nothing returning id`;
const SAME_TXN = `select payload_hash = sha256(convert_to($2, 'UTF8')) as same from ledger.txn where idem_key = $1`;
/** In the order of the accounts, so that two posts never wait for each other crosswise; nothing when the transaction was posted before. */
const ADD_ENTRIES = `insert into ledger.entry (txn_id, line, account_id, currency, amount)
  select $1, row_number() over (order by a.id, l.amount), a.id, l.currency, l.amount
    from unnest($2::text[], $3::uuid[], $4::text[], $5::bigint[]) l (code, owner_id, currency, amount)
    cross join lateral (
      select id from ledger.account where code = l.code and owner_id = l.owner_id and currency = l.currency
      union all
      select id from ledger.account where l.owner_id is null and code = l.code and owner_id is null and currency = l.currency) a
   where exists (select from ledger.txn where id = $1) order by a.id, l.amount
  returning line`;

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
    const { kind, key, externalRef = null, entries } = posting;
    const codes = entries.map(({ account }) => account.code);
    const owners = entries.map(({ account: { owner } }) => (owner === undefined ? null : ownerUuid(owner)));
    const currencies = entries.map(({ amount }) => amount.currency);
    const [added, , lines] = await Promise.all([
      statements.query(ADD_TXN, [id, kind, order, key, payload, externalRef, at]),
      statements.query(ADD_ACCOUNTS, [codes, owners, currencies, codes.map((code) => accounts[code].normal), codes.map((code) => accounts[code].mayGoNegative)]),
      statements.query(ADD_ENTRIES, [id, codes, owners, currencies, entries.map(({ amount }) => amount.minor)]),
    ]);
    if (added.length === 0) {
      const [known] = await statements.query<{ same: boolean }>(SAME_TXN, [key, payload]);
      invariant(known?.same, `${key} was posted with other lines`);
    } else invariant(lines.length === entries.length, `${key} was posted with ${lines.length} of ${entries.length} lines`);
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
}

/** Held money belongs to an order, what is owed to a seller. */
function ownerUuid(owner: string): string {
  return uuidOf('ord', owner) ?? uuidOfOwn('usr', owner);
}
