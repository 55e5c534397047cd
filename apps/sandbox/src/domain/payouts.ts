import { announce } from './announcements';
import { accountOf, bankFails } from './accounts';
import { balanceOf, move, pendingOf } from './balances';
import { badRequest, insufficientBalance } from './refusal';
import { PLATFORM, type BankAccount, type Metadata, type Payout } from './resources';
import type { Unit } from './unit';

const ARRIVES_AFTER_MS = 2 * 86_400_000;

const failureMessages: Readonly<Record<string, string>> = {
  no_account: 'The bank account details on file are probably incorrect. No bank account could be located with those details.',
  account_closed: 'The bank account has been closed.',
  insufficient_funds: 'Your Stripe account has insufficient funds to cover the payout.',
  debit_not_authorized: 'Debit transactions are not approved on your bank account.',
  invalid_currency: 'The bank was unable to process this payout because of its currency.',
};

export interface PayoutFacts {
  readonly amount: number;
  readonly currency: string;
  readonly destination?: string | undefined;
  readonly description?: string | undefined;
  readonly method?: 'standard' | 'instant' | undefined;
  readonly statement_descriptor?: string | undefined;
  readonly metadata?: Metadata | undefined;
}

export function createPayout(unit: Unit, facts: PayoutFacts): Payout {
  const account = unit.on.account;
  const bank = destination(unit, account, facts);
  const balance = balanceOf(unit, account, facts.currency);
  if (balance.available < facts.amount) {
    throw insufficientBalance(
      `You have insufficient funds in your Stripe account for this transfer. Your ${facts.currency.toUpperCase()} balance has ${balance.available} available and ${pendingOf(balance)} pending. You can use the /v1/balance endpoint to view your Stripe balance.`,
    );
  }
  const id = unit.id('po');
  const line = move(unit, { account, type: 'payout', amount: -facts.amount, currency: facts.currency, source: id, availableOn: unit.now, description: 'STRIPE PAYOUT' });
  const arrivesMs = unit.on.nowMs + ARRIVES_AFTER_MS;
  const payout = unit.put('payouts', {
    id, object: 'payout', amount: facts.amount, arrival_date: Math.floor(arrivesMs / 1000), automatic: false, balance_transaction: line.id, created: unit.now,
    currency: facts.currency, description: facts.description ?? null, destination: bank.id, failure_balance_transaction: null, failure_code: null, failure_message: null,
    livemode: false, metadata: facts.metadata ?? {}, method: facts.method ?? 'standard', original_payout: null, reconciliation_status: 'not_applicable', reversed_by: null,
    source_type: 'card', statement_descriptor: facts.statement_descriptor ?? null, status: 'pending', type: 'bank_account',
    _sandbox: { account, failureCode: bank._sandbox.failureCode },
  });
  unit.schedule({ atMs: arrivesMs, what: 'payout_arrives', subject: id });
  announce(unit, 'payout.created', payout);
  return payout;
}

/** The bank's word: the money has arrived, or it is back on the balance and the bank account is out of use. */
export function arrive(unit: Unit, id: string): void {
  const payout = unit.get('payouts', id);
  if (payout?.status !== 'pending') return;
  const bank = unit.get('bank_accounts', payout.destination);
  const { account, failureCode: failure } = payout._sandbox;
  if (failure === null) {
    announce(unit, 'payout.paid', unit.put('payouts', { ...payout, status: 'paid' }), account);
    return;
  }
  const line = move(unit, { account, type: 'payout_failure', category: 'payout_reversal', amount: payout.amount, currency: payout.currency, source: id, availableOn: unit.now });
  const failed = unit.put('payouts', {
    ...payout, status: 'failed', failure_code: failure, failure_message: failureMessages[failure] ?? null, failure_balance_transaction: line.id,
  });
  announce(unit, 'payout.failed', failed, account);
  if (bank !== undefined) bankFails(unit, bank);
}

export function cancelPayout(unit: Unit, id: string): Payout {
  const payout = unit.must('payouts', id, 'payout');
  if (payout.status !== 'pending') throw badRequest(`Payouts can only be canceled while they are pending. This one is ${payout.status}.`, { code: 'payout_not_cancelable' });
  const line = move(unit, { account: unit.on.account, type: 'payout_cancel', category: 'payout_reversal', amount: payout.amount, currency: payout.currency, source: id, availableOn: unit.now });
  const canceled = unit.put('payouts', { ...payout, status: 'canceled', failure_balance_transaction: line.id });
  announce(unit, 'payout.canceled', canceled);
  return canceled;
}

function destination(unit: Unit, account: string, facts: PayoutFacts): BankAccount {
  if (account !== PLATFORM && !accountOf(unit, account).payouts_enabled) {
    throw badRequest('Cannot create payouts: this account has no external account in working order.', { code: 'payouts_not_allowed' });
  }
  const banks = unit.world.where('bank_accounts', 'account', account).filter((bank) => bank.currency === facts.currency && bank.status !== 'errored');
  const bank = facts.destination === undefined ? (banks.find((one) => one.default_for_currency) ?? banks[0]) : banks.find((one) => one.id === facts.destination);
  if (bank !== undefined) return bank;
  throw badRequest(`Sorry, you don't have any external accounts in that currency (${facts.currency}).`, { param: 'destination' });
}
