import { Injectable } from '@nestjs/common';
import { Operations, Payouts } from './ports';
import { PayoutProvider } from './provider';
import { SettlePayout } from './settle-payout';

/** Looks at one payout at the provider, because a message names it or because it is late. */
@Injectable()
export class WatchPayouts {
  constructor(
    private readonly payouts: Payouts,
    private readonly operations: Operations,
    private readonly provider: PayoutProvider,
    private readonly settle: SettlePayout,
  ) {}

  /** False when the provider did not tell. */
  async look(accountId: string, payoutId: string): Promise<boolean> {
    const reply = await this.provider.readPayout(accountId, payoutId);
    if (reply.reply !== 'done') return reply.reply === 'refused';
    const { operationId } = reply.value;
    const operation = operationId ? await this.operations.find(operationId) : undefined;
    const orderId = operation?.orderId ?? (await this.payouts.orderOf(payoutId));
    if (orderId) await this.settle.payout(orderId, reply.value);
    return true;
  }
}
