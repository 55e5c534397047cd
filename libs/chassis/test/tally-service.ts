import { join } from 'node:path';
import { Controller, Injectable, Module } from '@nestjs/common';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import type { EventOf } from '@libs/contracts/events';
import { AuthenticationService } from '@libs/contracts/gen/exchange/authentication/v1/authentication_pb';
import { OnEvent } from '@libs/events/on-event';
import { Outbox } from '@libs/events/outbox';
import { AppError } from '@libs/kernel/app-error';
import { Clock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { Rpc, type RpcHandlers } from '@libs/rpc/rpc';
import { serveSome } from '@libs/rpc/test/serve-some';
import { type CallContext, userOf } from '@libs/rpc/call-context';
import { z } from 'zod';
import { configOf } from '../config';
import { defineService } from '../service';

/** A service of a test's own that uses everything the chassis provides: it counts the users that register, and asks bidding. */

export class TallyConfig extends configOf(z.object({ TALLY_LIMIT: z.coerce.number().int().positive().default(3), TALLY_WORD: z.string().default('tally') })) {}

@Injectable()
export class CountUser {
  constructor(
    private readonly sql: Sql,
    private readonly outbox: Outbox,
  ) {}

  @OnEvent('user.registered')
  async count(tx: Transaction, event: EventOf<'user.registered'>): Promise<void> {
    await this.sql.in(tx).query('insert into tallies (user_id, bids) values ($1, 0)', [event.userId]);
    this.outbox.add(tx, 'inspection.received', event.userId, { orderId: event.userId });
  }
}

type Rpcs = RpcHandlers<typeof AuthenticationService>;

@Controller()
export class TallyController implements Pick<Rpcs, 'createAuthTask' | 'renewClaim'> {
  constructor(
    private readonly sql: Sql,
    private readonly transactions: Transactions,
    private readonly rpc: Rpc,
    private readonly ids: Ids,
    private readonly clock: Clock,
    private readonly config: TallyConfig,
  ) {}

  async createAuthTask(_request: unknown, call: CallContext) {
    const user = userOf(call);
    const { activeAsks } = await this.rpc.client(BiddingService).countActiveAsks({ marketId: this.config.values.TALLY_WORD }, { deadlineMs: 45_000 });
    if (activeAsks > this.config.values.TALLY_LIMIT) throw new AppError('conflict', 'tally.too_many', `At ${this.clock.now().toISOString()} too many.`);
    await this.transactions.run((tx) => this.sql.in(tx).query('insert into tallies (user_id, bids) values ($1, $2)', [user.id, activeAsks]));
    return { taskId: this.ids.next('tsk') };
  }

  async renewClaim(): Promise<never> {
    const rows = await this.sql.query<{ n: number }>('select count(*) as n from tallies');
    throw new AppError('conflict', 'tally.count', 'The count stands in the details.', { users: String(rows[0]?.n) });
  }
}

serveSome(AuthenticationService, TallyController);

@Module({ controllers: [TallyController], providers: [CountUser] })
export class TallyModule {
  static readonly service = defineService({ name: 'authentication', config: TallyConfig, serves: [AuthenticationService], migrations: join(__dirname, 'migrations') });
}
