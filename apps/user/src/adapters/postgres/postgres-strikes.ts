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

  async record(tx: Transaction, strike: { userId: string; orderId: string; kind: StrikeKind; at: Date }, counted: { kinds: readonly StrikeKind[]; since: Date }): Promise<number> {
    const statements = this.sql.in(tx);
    const user = uuidOfOwn('usr', strike.userId);
    await statements.query('insert into strikes (order_id, kind, user_id, recorded_at) values ($1, $2, $3, $4) on conflict do nothing', [
      uuidOfOwn('ord', strike.orderId), strike.kind, user, strike.at,
    ]);
    const [found] = await statements.query<{ strikes: number }>(
      'select count(distinct order_id) as strikes from strikes where user_id = $1 and kind = any ($2) and recorded_at >= $3',
      [user, counted.kinds, counted.since],
    );
    return found?.strikes ?? 0;
  }
}
