import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import { invariant } from '@libs/kernel/invariant';
import { Transactions } from '@libs/postgres/transaction';
import { ACCOUNT_CHANGED, KEY_MS_MAX } from '../domain/retry-policy';
import { PayoutSteps } from './payout-steps';
import { Payments, PayoutAccounts, type TakenOperation } from './ports';
import { PayoutProvider, type PayoutReading, type Reply, type TransferReading } from './provider';
import { later, type RunResult } from './run-charge';
import { SettlePayout } from './settle-payout';

const ON_ITS_WAY_MS_MAX = 2 * 60_000;

/** Asked right before the seller's money leaves for the bank, since the account may have changed after the payout was planned. */
@Injectable()
export class PayoutGate {
  constructor(
    private readonly transactions: Transactions,
    private readonly steps: PayoutSteps,
  ) {}

  isShut(sellerId: string): Promise<boolean> {
    return this.transactions.run(async (tx) => !(await this.steps.mayPay(tx, sellerId)));
  }
}

/** Sends the seller's money: the transfer to the connected account, or from there to the bank. What is of unknown outcome is looked up before its key is sent again. */
@Injectable()
export class RunPayout {
  constructor(
    private readonly payments: Payments,
    private readonly accounts: PayoutAccounts,
    private readonly provider: PayoutProvider,
    private readonly settle: SettlePayout,
    private readonly gate: PayoutGate,
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
    const reply = await send(operation, find, async () => (await this.gate.isShut(account.userId)) ? held(operation) : this.provider.createPayout({ key, orderId, accountId, amount }));
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

/** An earlier call under this key may still be on its way: only when it cannot be any more is there nothing at the provider for certain. */
function held(operation: TakenOperation): Reply<never> {
  if (!operation.isFresh && operation.ageMs < ON_ITS_WAY_MS_MAX) return { reply: 'unknown', code: ACCOUNT_CHANGED, isFinal: false };
  return { reply: 'refused', code: ACCOUNT_CHANGED, because: 'wrong_state' };
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
