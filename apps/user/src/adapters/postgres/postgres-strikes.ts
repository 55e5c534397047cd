import { Injectable } from '@nestjs/common';
import { uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { Strikes } from '../../application/ports';
import type { StrikeKind } from '../../domain/strikes';

@Injectable()
export class PostgresStrikes extends Strikes {
  constructor(private readonly sql: Sql) {
    super();
  }

  async record(tx: Transaction, strike: { userId: string; orderId: string; kind: StrikeKind; at: Date }, since: Date): Promise<number> {
    const statements = this.sql.in(tx);
    const user = uuidOfOwn('usr', strike.userId);
    await statements.query('insert into strikes (order_id, kind, user_id, recorded_at) values ($1, $2, $3, $4) on conflict do nothing', [
      uuidOfOwn('ord', strike.orderId), strike.kind, user, strike.at,
    ]);
    const [counted] = await statements.query<{ strikes: number }>(
      'select count(*) as strikes from strikes where user_id = $1 and kind = $2 and recorded_at >= $3',
      [user, strike.kind, since],
    );
    return counted?.strikes ?? 0;
  }
}
