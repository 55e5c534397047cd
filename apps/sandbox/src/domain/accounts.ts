import { announce } from './announcements';
import { bankTokenOfNumber, testBanks } from './cards';
import { mergedMetadata } from './customers';
import { badRequest, missingResource } from './refusal';
import type { Account, BankAccount, Metadata } from './resources';
import type { Unit } from './unit';

export type BankFacts =
  | string
  | {
      readonly object: string;
      readonly country: string;
      readonly currency: string;
      readonly account_number: string;
      readonly routing_number?: string | undefined;
      readonly account_holder_name?: string | undefined;
      readonly account_holder_type?: string | undefined;
    };

export interface AccountFacts {
  readonly email?: string | undefined;
  readonly business_type?: string | undefined;
  readonly business_profile?: unknown;
  readonly settings?: unknown;
  readonly tos_acceptance?: unknown;
  readonly default_currency?: string | undefined;
  readonly capabilities?: Readonly<Record<string, { readonly requested?: boolean | undefined }>> | undefined;
  readonly external_account?: BankFacts | undefined;
  readonly metadata?: Metadata | undefined;
}

export function createAccount(unit: Unit, type: 'custom' | 'express', country: string, facts: AccountFacts): Account {
  const id = unit.id('acct');
  const bank = facts.external_account === undefined ? undefined : addBank(unit, id, facts.external_account, {});
  const account = unit.put('accounts', judged(unit, {
    id, object: 'account', business_profile: facts.business_profile ?? null, business_type: facts.business_type ?? 'individual', capabilities: requested({}, facts),
    charges_enabled: false, country, created: unit.now, default_currency: facts.default_currency ?? bank?.currency ?? 'usd', details_submitted: true,
    email: facts.email ?? null, metadata: facts.metadata ?? {}, payouts_enabled: false, requirements: {},
    settings: facts.settings ?? { payouts: { schedule: { interval: 'manual' } } }, tos_acceptance: facts.tos_acceptance ?? {}, type,
    _sandbox: { account: unit.on.account },
  }));
  announce(unit, 'account.updated', account, id);
  return account;
}

/** A new bank account replaces the one before it. */
export function updateAccount(unit: Unit, id: string, facts: AccountFacts): Account {
  const account = accountOf(unit, id);
  const { external_account, capabilities, metadata, ...plain } = facts;
  if (external_account !== undefined) {
    const before = unit.world.where('bank_accounts', 'account', id);
    addBank(unit, id, external_account, {});
    for (const bank of before) unit.remove('bank_accounts', bank.id);
  }
  return saveAccount(unit, {
    ...account, ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)), capabilities: requested(account.capabilities, facts),
    metadata: mergedMetadata(account.metadata, metadata),
  });
}

export function addExternalAccount(unit: Unit, accountId: string, facts: BankFacts, metadata: Metadata): BankAccount {
  const account = accountOf(unit, accountId);
  for (const bank of unit.world.where('bank_accounts', 'account', accountId)) unit.put('bank_accounts', { ...bank, default_for_currency: false });
  const bank = addBank(unit, accountId, facts, metadata);
  announce(unit, 'account.external_account.created', bank, accountId);
  saveAccount(unit, account);
  return bank;
}

export function removeExternalAccount(unit: Unit, accountId: string, bankId: string): Readonly<Record<string, unknown>> {
  const account = accountOf(unit, accountId);
  const bank = bankOf(unit, accountId, bankId);
  unit.remove('bank_accounts', bank.id);
  announce(unit, 'account.external_account.deleted', bank, accountId);
  saveAccount(unit, account);
  return { id: bankId, object: 'bank_account', deleted: true };
}

export function deleteAccount(unit: Unit, id: string): Readonly<Record<string, unknown>> {
  accountOf(unit, id);
  unit.remove('accounts', id);
  return { id, object: 'account', deleted: true };
}

export function accountOf(unit: Unit, id: string): Account {
  const account = unit.get('accounts', id);
  const isKnown = account !== undefined && (account._sandbox.account === unit.on.account || unit.on.account === id);
  if (!isKnown) throw missingResource('account', id, 'account');
  return account;
}

export function bankOf(unit: Unit, accountId: string, bankId: string): BankAccount {
  const bank = unit.get('bank_accounts', bankId);
  if (bank?.account !== accountId) throw missingResource('external account', bankId, 'id');
  return bank;
}

/** A bank account that has failed takes no more payouts until it is replaced. */
export function bankFails(unit: Unit, bank: BankAccount): void {
  const errored = unit.put('bank_accounts', { ...bank, status: 'errored' });
  announce(unit, 'account.external_account.updated', errored, bank.account);
  const account = unit.get('accounts', bank.account);
  if (account !== undefined) saveAccount(unit, account);
}

function saveAccount(unit: Unit, account: Account): Account {
  const saved = unit.put('accounts', judged(unit, account));
  announce(unit, 'account.updated', saved, account.id);
  return saved;
}

/** What the account may do follows from what it asked for and whether it has a bank account that works. */
function judged(unit: Unit, account: Account): Account {
  const hasBank = unit.world.where('bank_accounts', 'account', account.id).some((bank) => bank.status !== 'errored');
  const due = hasBank ? [] : ['external_account'];
  return {
    ...account,
    charges_enabled: account.capabilities['card_payments'] === 'active',
    payouts_enabled: hasBank && account.capabilities['transfers'] === 'active',
    requirements: {
      alternatives: [], current_deadline: null, currently_due: due, disabled_reason: hasBank ? null : 'requirements.past_due', errors: [], eventually_due: due, past_due: due,
      pending_verification: [],
    },
  };
}

function requested(before: Account['capabilities'], facts: AccountFacts): Account['capabilities'] {
  const asked = Object.entries(facts.capabilities ?? {}).map(([name, { requested: isRequested }]) => [name, isRequested === true ? 'active' : 'inactive'] as const);
  return { ...before, ...Object.fromEntries(asked) };
}

function addBank(unit: Unit, accountId: string, facts: BankFacts, metadata: Metadata): BankAccount {
  const token = typeof facts === 'string' ? facts : bankTokenOfNumber[facts.account_number];
  const bank = token !== undefined && Object.hasOwn(testBanks, token) ? testBanks[token] : undefined;
  if (bank === undefined) {
    if (typeof facts === 'string') throw missingResource('token', facts, 'external_account');
    throw badRequest('You must use a test bank account number in test mode.', { code: 'account_number_invalid', param: 'external_account[account_number]' });
  }
  const stated = typeof facts === 'string' ? undefined : facts;
  return unit.put('bank_accounts', {
    id: unit.id('ba'), object: 'bank_account', account: accountId, account_holder_name: stated?.account_holder_name ?? 'Jane Austen',
    account_holder_type: stated?.account_holder_type ?? 'individual', bank_name: 'STRIPE TEST BANK', country: stated?.country ?? 'US', created: unit.now,
    currency: stated?.currency ?? 'usd', default_for_currency: true, fingerprint: `bank_${bank.last4}`, last4: bank.last4, metadata,
    routing_number: stated?.routing_number ?? '110000000', status: bank.status, _sandbox: { account: accountId, failureCode: bank.failureCode },
  });
}
