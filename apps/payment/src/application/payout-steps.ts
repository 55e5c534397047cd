import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Clock } from '@libs/kernel/clock';
import { invariant } from '@libs/kernel/invariant';
import { moneyToMessage, type Money } from '@libs/kernel/money';
import type { Transaction } from '@libs/postgres/transaction';
import { isOpen } from '../domain/operation';
import { payoutStep, type Payout, type PayoutEvent } from '../domain/payout';
import { heldUntil, MONEY_WAIT_MS } from '../domain/retry-policy';
import { Operations, Payments, PayoutAccounts, Payouts, type PayoutAccount } from './ports';

/** The only writer of a payout's state. Nothing is sent while the seller's account is missing, disabled or lately changed. */
@Injectable()
export class PayoutSteps {
  constructor(
    private readonly payments: Payments,
    private readonly payouts: Payouts,
    private readonly accounts: PayoutAccounts,
    private readonly operations: Operations,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async open(tx: Transaction, release: { orderId: string; sellerId: string; amount: Money }): Promise<Payout> {
    const payout = await this.payouts.add(tx, {
      ...release, state: 'held', transferId: undefined, providerId: undefined, failureCode: undefined, createdAt: this.clock.now(), arrivesAt: undefined,
    });
    const { sellerId, orderId } = release;
    this.outbox.add(tx, 'payout.released', sellerId, { sellerId, orderId, amount: moneyToMessage(release.amount) });
    return this.carryOn(tx, payout);
  }

  async apply(tx: Transaction, payout: Payout, event: PayoutEvent, change: Partial<Payout> = {}): Promise<Payout> {
    const to = payoutStep(payout.state, event);
    invariant(to, `${event} of the payout of ${payout.orderId}, which is ${payout.state}`);
    const next: Payout = { ...payout, ...change, state: to };
    await this.payouts.save(tx, next);
    this.announce(tx, next, event);
    return next;
  }

  /** Plans what comes next, if the account may be paid now and nothing is under way. */
  async carryOn(tx: Transaction, payout: Payout, delayMs = 0): Promise<Payout> {
    if (payout.state !== 'held' && payout.state !== 'transferred' && payout.state !== 'transferring') return payout;
    if (!(await this.mayPay(tx, payout.sellerId))) return payout;
    const operations = await this.operations.ofOrder(tx, payout.orderId);
    if (operations.some((operation) => (operation.kind === 'transfer' || operation.kind === 'payout') && isOpen(operation))) return payout;
    const next = payout.state === 'held' ? await this.apply(tx, payout, 'hold_over') : payout;
    const kind = next.state === 'transferred' ? 'payout' : 'transfer';
    await this.operations.plan(tx, { orderId: payout.orderId, kind, amount: payout.amount, delayMs });
    return next;
  }

  /** A payout that waited goes on, if it still waits. */
  async resume(tx: Transaction, orderId: string): Promise<boolean> {
    await this.payments.lock(tx, orderId);
    const payout = await this.payouts.ofOrder(tx, orderId);
    if (payout) await this.carryOn(tx, payout);
    return payout !== undefined;
  }

  /** After a person has dealt with what stood in the way. */
  async again(tx: Transaction, orderId: string, event: 'transfer_again' | 'send_again'): Promise<void> {
    const payout = await this.payouts.ofOrder(tx, orderId);
    if (!payout || !payoutStep(payout.state, event)) return;
    await this.carryOn(tx, await this.apply(tx, payout, event, { failureCode: undefined, providerId: undefined }));
  }

  /** Whether the seller may be paid now. Under the account's lock: a change of bank marks the account before the provider hears of it. */
  async mayPay(tx: Transaction, sellerId: string): Promise<boolean> {
    const account = await this.accounts.lock(tx, sellerId);
    return account !== undefined && this.mayBePaid(account);
  }

  /** The charge's money becomes available after days of business time: the payout is tried again then. */
  async waitForMoney(tx: Transaction, { orderId }: Payout): Promise<void> {
    await this.payments.setTimer(tx, { orderId, kind: 'payout', dueAt: new Date(this.clock.now().getTime() + MONEY_WAIT_MS) });
  }

  private mayBePaid(account: PayoutAccount): boolean {
    const until = heldUntil(account.changedAt);
    return account.isEnabled && (until === undefined || until <= this.clock.now());
  }

  private announce(tx: Transaction, payout: Payout, event: PayoutEvent): void {
    const { sellerId, orderId, id: payoutId } = payout;
    const amount = moneyToMessage(payout.amount);
    if (event === 'transferred') this.outbox.add(tx, 'payout.transferred', sellerId, { sellerId, orderId, payoutId, amount });
    else if (event === 'arrived') this.outbox.add(tx, 'payout.paid', sellerId, { sellerId, orderId, payoutId, amount });
    else if (event === 'transfer_failed' || event === 'send_failed' || event === 'bank_refused') {
      this.outbox.add(tx, 'payout.failed', sellerId, { sellerId, orderId, payoutId, failureCode: payout.failureCode ?? 'failed' });
    }
  }
}
