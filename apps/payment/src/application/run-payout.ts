import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import { invariant } from '@libs/kernel/invariant';
import { KEY_MS_MAX } from '../domain/retry-policy';
import { Payments, PayoutAccounts, type TakenOperation } from './ports';
import { PayoutProvider, type PayoutReading, type Reply, type TransferReading } from './provider';
import { later, type RunResult } from './run-charge';
import { SettlePayout } from './settle-payout';

/** Sends the seller's money: the transfer to the connected account, or from there to the bank. What is of unknown outcome is looked up before its key is sent again. */
@Injectable()
export class RunPayout {
  constructor(
    private readonly payments: Payments,
    private readonly accounts: PayoutAccounts,
    private readonly provider: PayoutProvider,
    private readonly settle: SettlePayout,
  ) {}

  async execute(operation: TakenOperation): Promise<RunResult> {
    const payment = await this.payments.find(operation.orderId);
    const account = payment && (await this.accounts.find(payment.sellerId));
    invariant(payment?.chargeId && account, `a payout without charge or account: ${operation.orderId}`);
    const { chargeId } = payment;
    const { orderId, id: key, amount } = operation;
    const accountId = account.providerId;
    if (operation.kind === 'transfer') {
      const find = () => this.provider.findTransfer(orderId);
      const reply = await send(operation, find, () => this.provider.createTransfer({ key, orderId, accountId, chargeId, amount }));
      return this.conclude(operation, reply, (reading: TransferReading) => this.settle.transferred(orderId, key, reading));
    }
    const find = () => this.provider.findPayout(accountId, key);
    const reply = await send(operation, find, () => this.provider.createPayout({ key, orderId, accountId, amount }));
    return this.conclude(operation, reply, (reading: PayoutReading) => this.settle.payout(orderId, reading));
  }

  private async conclude<T>(operation: TakenOperation, reply: Reply<T>, settle: (reading: T) => Promise<void>): Promise<RunResult> {
    failpoint('payment.afterPspBeforeRow');
    if (reply.reply === 'done') {
      await settle(reply.value);
      return { result: 'settled', outcome: 'succeeded' };
    }
    if (reply.reply === 'refused' || (reply.reply === 'unknown' && reply.isFinal)) {
      await this.settle.refused(operation.orderId, operation.id, { code: reply.code, sendAgain: reply.reply === 'unknown' });
      return { result: 'settled', outcome: reply.reply === 'unknown' ? 'not_applied' : 'refused' };
    }
    return later(operation, reply);
  }
}

async function send<T>(operation: TakenOperation, find: () => Promise<Reply<T | undefined>>, create: () => Promise<Reply<T>>): Promise<Reply<T>> {
  if (!operation.isFresh) {
    const seen = await found(find);
    if (seen) return seen;
    if (operation.ageMs > KEY_MS_MAX) return { reply: 'unknown', code: 'key_expired', isFinal: true };
  }
  const sent = await create();
  if (sent.reply !== 'unknown' || !sent.isFinal) return sent;
  return (await found(find)) ?? sent;
}

/** Undefined: it is certain that there is none. */
async function found<T>(find: () => Promise<Reply<T | undefined>>): Promise<Reply<T> | undefined> {
  const seen = await find();
  if (seen.reply !== 'done') return { reply: 'unknown', code: seen.code, isFinal: false };
  return seen.value === undefined ? undefined : { reply: 'done', value: seen.value };
}
