import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import { invariant } from '@libs/kernel/invariant';
import { KEY_MS_MAX } from '../domain/retry-policy';
import { Payments, type TakenOperation } from './ports';
import { RefundProvider, type RefundReading, type Reply } from './provider';
import { later, type RunResult } from './run-charge';
import { SettleRefund } from './settle-refund';

const PENDING_LOOK_MS = 15 * 60_000;

/** Sends a refund. One of unknown outcome is looked up by its intent before its key is sent again. */
@Injectable()
export class RunRefund {
  constructor(
    private readonly payments: Payments,
    private readonly refunds: RefundProvider,
    private readonly settle: SettleRefund,
  ) {}

  async execute(operation: TakenOperation): Promise<RunResult> {
    const payment = await this.payments.find(operation.orderId);
    invariant(payment?.intentId, `a refund without an intent: ${operation.orderId}`);
    const reply = await this.ask(operation, payment.intentId);
    failpoint('payment.afterPspBeforeRow');
    if (reply.reply === 'done') {
      await this.settle.execute(operation.orderId, operation.id, reply.value);
      if (reply.value.status !== 'pending') return { result: 'settled', outcome: reply.value.status };
      return { result: 'later', as: 'sent', delayMs: PENDING_LOOK_MS, code: 'pending' };
    }
    if (reply.reply === 'refused') {
      await this.settle.refused(operation.orderId, operation.id, { code: reply.code, sendAgain: false });
      return { result: 'settled', outcome: 'refused' };
    }
    if (reply.reply === 'unknown' && reply.isFinal) {
      await this.settle.refused(operation.orderId, operation.id, { code: reply.code, sendAgain: true });
      return { result: 'settled', outcome: 'not_applied' };
    }
    return later(operation, reply);
  }

  private async ask(operation: TakenOperation, intentId: string): Promise<Reply<RefundReading>> {
    if (operation.providerId) return this.refunds.readRefund(operation.providerId);
    if (!operation.isFresh) {
      const seen = await this.refunds.findRefund(intentId, operation.id);
      if (seen.reply !== 'done') return seen.reply === 'unknown' ? { ...seen, isFinal: false } : seen;
      if (seen.value) return { reply: 'done', value: seen.value };
      if (operation.ageMs > KEY_MS_MAX) return { reply: 'unknown', code: 'key_expired', isFinal: true };
    }
    const sent = await this.refunds.createRefund({ key: operation.id, intentId, orderId: operation.orderId });
    if (sent.reply !== 'unknown' || !sent.isFinal) return sent;
    const seen = await this.refunds.findRefund(intentId, operation.id);
    if (seen.reply !== 'done') return { ...sent, isFinal: false };
    return seen.value ? { reply: 'done', value: seen.value } : sent;
  }
}
