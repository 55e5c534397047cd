import { announce } from './announcements';
import { balanceOf, move, pendingOf } from './balances';
import { mergedMetadata } from './customers';
import { badRequest, insufficientBalance, missingResource } from './refusal';
import { PLATFORM, type Charge, type Metadata, type Transfer, type TransferReversal } from './resources';
import type { Unit } from './unit';

export interface TransferFacts {
  readonly amount?: number | undefined;
  readonly currency: string;
  readonly destination: string;
  readonly source_transaction?: string | undefined;
  readonly transfer_group?: string | undefined;
  readonly description?: string | undefined;
  readonly metadata?: Metadata | undefined;
}

/**
 * Money from the platform to a connected account. With a source charge it draws on that charge, also before the charge's money is
 * available; without one the platform must have the amount available.
 */
export function createTransfer(unit: Unit, facts: TransferFacts): Transfer {
  requireDestination(unit, facts.destination);
  const charge = facts.source_transaction === undefined ? null : sourceCharge(unit, facts.source_transaction);
  const amount = facts.amount ?? charge?.amount;
  if (amount === undefined) throw badRequest('Missing required param: amount.', { code: 'parameter_missing', param: 'amount' });
  const availableOn = charge === null ? fromBalance(unit, amount, facts.currency) : fromCharge(unit, charge, amount, facts.currency);
  const id = unit.id('tr');
  const { currency, destination } = facts;
  const group = facts.transfer_group ?? charge?.transfer_group ?? (charge === null ? null : `group_${charge.id}`);
  const line = move(unit, { account: PLATFORM, type: 'transfer', amount: -amount, currency, source: id, availableOn, description: facts.description ?? null });
  const payment = receive(unit, { id, amount, currency, destination, availableOn });
  const transfer = unit.put('transfers', {
    id, object: 'transfer', amount, amount_reversed: 0, balance_transaction: line.id, created: unit.now, currency, description: facts.description ?? null, destination,
    destination_payment: payment.id, livemode: false, metadata: facts.metadata ?? {}, reversed: false, source_transaction: charge?.id ?? null, source_type: 'card',
    transfer_group: group, _sandbox: { account: PLATFORM },
  });
  announce(unit, 'transfer.created', transfer);
  return transfer;
}

export function updateTransfer(unit: Unit, id: string, metadata: Metadata | undefined, description: string | undefined): Transfer {
  const transfer = unit.must('transfers', id, 'transfer');
  const updated = unit.put('transfers', { ...transfer, description: description ?? transfer.description, metadata: mergedMetadata(transfer.metadata, metadata) });
  announce(unit, 'transfer.updated', updated);
  return updated;
}

export function reverseTransfer(unit: Unit, id: string, facts: { readonly amount?: number | undefined; readonly metadata?: Metadata | undefined }): TransferReversal {
  const transfer = unit.must('transfers', id, 'transfer');
  const left = transfer.amount - transfer.amount_reversed;
  const amount = facts.amount ?? left;
  if (left === 0) throw badRequest(`Transfer ${id} is already fully reversed.`);
  if (amount > left) throw badRequest(`Amount to reverse (${amount}) is greater than the unreversed amount of the transfer (${left}).`, { param: 'amount' });
  const balance = balanceOf(unit, transfer.destination, transfer.currency);
  if (balance.available + pendingOf(balance) < amount) {
    throw insufficientBalance('Insufficient funds in the connected account\'s balance to reverse this transfer.');
  }
  const reversalId = unit.id('trr');
  const availableOn = unit.get('balance_transactions', transfer.balance_transaction)?.available_on ?? unit.now;
  const line = move(unit, { account: PLATFORM, type: 'transfer_refund', amount, currency: transfer.currency, source: reversalId, availableOn });
  move(unit, { account: transfer.destination, type: 'payment_refund', amount: -amount, currency: transfer.currency, source: reversalId, availableOn });
  const reversal = unit.put('transfer_reversals', {
    id: reversalId, object: 'transfer_reversal', amount, balance_transaction: line.id, created: unit.now, currency: transfer.currency, destination_payment_refund: null,
    metadata: facts.metadata ?? {}, source_refund: null, transfer: id, _sandbox: { account: PLATFORM },
  });
  const reversed = unit.put('transfers', { ...transfer, amount_reversed: transfer.amount_reversed + amount, reversed: left === amount });
  announce(unit, 'transfer.reversed', reversed);
  return reversal;
}

function requireDestination(unit: Unit, id: string): void {
  const account = unit.get('accounts', id);
  if (account === undefined) throw missingResource('destination', id, 'destination');
  if (account.capabilities['transfers'] === 'active') return;
  throw badRequest('Your destination account needs to have at least one of the following capabilities enabled: transfers, crypto_transfers, legacy_payments', {
    code: 'insufficient_capabilities_for_transfer',
  });
}

function sourceCharge(unit: Unit, id: string): Charge {
  const charge = unit.must('charges', id, 'source_transaction');
  if (charge.status !== 'succeeded') throw badRequest('Cannot use a failed charge as the source of a transfer.', { param: 'source_transaction' });
  return charge;
}

function fromCharge(unit: Unit, charge: Charge, amount: number, currency: string): number {
  if (charge.currency !== currency) throw badRequest(`The currency of source_transaction's balance transaction (${charge.currency}) must be the same as the transfer currency (${currency})`);
  const left = charge.amount - charge._sandbox.transferredMinor;
  if (amount > left) throw badRequest(`Transfers using this transaction as a source must not exceed the source amount of ${charge.amount}. (There is already ${charge._sandbox.transferredMinor} transferred.)`);
  unit.put('charges', { ...charge, _sandbox: { ...charge._sandbox, transferredMinor: charge._sandbox.transferredMinor + amount } });
  const line = charge.balance_transaction === null ? undefined : unit.get('balance_transactions', charge.balance_transaction);
  return Math.max(line?.available_on ?? unit.now, unit.now);
}

function fromBalance(unit: Unit, amount: number, currency: string): number {
  const balance = balanceOf(unit, PLATFORM, currency);
  if (balance.available < amount) {
    throw insufficientBalance(
      `You have insufficient available funds in your Stripe account (available ${balance.available}, pending ${pendingOf(balance)}). Pass the charge as source_transaction, or wait until its money is available.`,
    );
  }
  return unit.now;
}

function receive(unit: Unit, to: { id: string; amount: number; currency: string; destination: string; availableOn: number }): Charge {
  const id = unit.id('py');
  const { amount, currency, destination: account } = to;
  const line = move(unit, { account, type: 'payment', category: 'charge', amount, currency, source: id, availableOn: to.availableOn });
  const payment = unit.put('charges', {
    id, object: 'charge', amount, amount_captured: amount, amount_refunded: 0, balance_transaction: line.id, billing_details: {}, captured: true, created: unit.now, currency,
    customer: null, description: null, disputed: false, failure_balance_transaction: null, failure_code: null, failure_message: null, livemode: false, metadata: {},
    outcome: null, paid: true, payment_intent: null, payment_method: null, payment_method_details: { type: 'stripe_account', stripe_account: {} }, receipt_email: null,
    refunded: false, source_transfer: to.id, status: 'succeeded', transfer_group: null, _sandbox: { account, card: null, transferredMinor: 0 },
  });
  announce(unit, 'payment.created', payment, account);
  return payment;
}
