import { Injectable } from '@nestjs/common';
import { Operations } from './ports';
import { RefundProvider } from './provider';
import { SettleRefund } from './settle-refund';

/** Looks at one refund at the provider, because a message names it. */
@Injectable()
export class WatchRefunds {
  constructor(
    private readonly operations: Operations,
    private readonly provider: RefundProvider,
    private readonly settle: SettleRefund,
  ) {}

  /** False when the provider did not tell. */
  async look(refundId: string): Promise<boolean> {
    const reply = await this.provider.readRefund(refundId);
    if (reply.reply !== 'done') return reply.reply === 'refused';
    const { operationId } = reply.value;
    const operation = operationId ? await this.operations.find(operationId) : undefined;
    if (operation) await this.settle.execute(operation.orderId, operation.id, reply.value);
    return true;
  }
}
