import { Injectable } from '@nestjs/common';
import { typeId, uuidOfOwn } from '@libs/kernel/ids';
import { Sql, type Statements } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { PayoutAccounts, type PayoutAccount } from '../../application/ports';

interface Row {
  readonly user_id: string;
  readonly psp_id: string;
  readonly enabled: boolean;
  readonly bank_last4: string;
  readonly bank_fingerprint: string;
  readonly changed_at: Date | null;
  readonly bank_changes: number;
}

@Injectable()
export class PostgresAccounts extends PayoutAccounts {
  constructor(private readonly sql: Sql) {
    super();
  }

  find(userId: string, tx?: Transaction): Promise<PayoutAccount | undefined> {
    return this.one(tx ? this.sql.in(tx) : this.sql, userId, '');
  }

  lock(tx: Transaction, userId: string): Promise<PayoutAccount | undefined> {
    return this.one(this.sql.in(tx), userId, 'for update');
  }

  async userOf(providerId: string): Promise<string | undefined> {
    const [row] = await this.sql.query<{ user_id: string }>('select user_id from payout_accounts where psp_id = $1', [providerId]);
    return row && typeId('usr', row.user_id);
  }

  async add(tx: Transaction, account: PayoutAccount): Promise<boolean> {
    const text = `insert into payout_accounts (user_id, psp_id, enabled, bank_last4, bank_fingerprint, changed_at, bank_changes) values ($1, $2, $3, $4, $5, $6, $7)
      on conflict (user_id) do nothing returning user_id`;
    return (await this.sql.in(tx).query(text, valuesOf(account))).length > 0;
  }

  async save(tx: Transaction, account: PayoutAccount): Promise<void> {
    const text = 'update payout_accounts set psp_id = $2, enabled = $3, bank_last4 = $4, bank_fingerprint = $5, changed_at = $6, bank_changes = $7 where user_id = $1';
    await this.sql.in(tx).query(text, valuesOf(account));
  }

  private async one(statements: Statements, userId: string, locking: '' | 'for update'): Promise<PayoutAccount | undefined> {
    const [row] = await statements.query<Row>(`select * from payout_accounts where user_id = $1 ${locking}`, [uuidOfOwn('usr', userId)]);
    if (!row) return undefined;
    const { psp_id, enabled, bank_last4, bank_fingerprint, changed_at, bank_changes: bankChanges } = row;
    return { userId, providerId: psp_id, isEnabled: enabled, bankLast4: bank_last4, bankFingerprint: bank_fingerprint, changedAt: changed_at ?? undefined, bankChanges };
  }
}

function valuesOf({ userId, providerId, isEnabled, bankLast4, bankFingerprint, changedAt, bankChanges }: PayoutAccount): unknown[] {
  return [uuidOfOwn('usr', userId), providerId, isEnabled, bankLast4, bankFingerprint, changedAt ?? null, bankChanges];
}
