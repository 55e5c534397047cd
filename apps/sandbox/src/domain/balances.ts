import type { Balance } from './keeping';
import type { BalanceTransaction } from './resources';
import type { Unit } from './unit';

const DAY_S = 86_400;
const DAYS_UNTIL_AVAILABLE = 2;

interface Movement {
  readonly account: string;
  readonly type: string;
  readonly category?: string;
  readonly amount: number;
  readonly fee?: number;
  readonly currency: string;
  readonly source: string;
  readonly availableOn: number;
  readonly description?: string | null;
}

/** Money of a card is spendable from midnight (UTC) of the second day. */
export function cardMoneyAvailableOn(now: number): number {
  return Math.floor(now / DAY_S) * DAY_S + DAYS_UNTIL_AVAILABLE * DAY_S;
}

/** Moves money on an account's balance and writes the line that says so. */
export function move(unit: Unit, movement: Movement): BalanceTransaction {
  const { account, type, amount, fee = 0, currency, source, availableOn } = movement;
  const line: BalanceTransaction = {
    id: unit.id('txn'), object: 'balance_transaction', amount, available_on: availableOn, balance_type: 'payments', created: unit.now, currency,
    description: movement.description ?? null, exchange_rate: null, fee,
    fee_details: fee === 0 ? [] : [{ amount: fee, application: null, currency, description: 'Stripe processing fees', type: 'stripe_fee' }],
    net: amount - fee, reporting_category: movement.category ?? type, source, type, _sandbox: { account },
  };
  const balance = balanceOf(unit, account, currency);
  const isPending = availableOn > unit.now;
  const key = String(availableOn);
  unit.put('balances', {
    ...balance,
    available: balance.available + (isPending ? 0 : line.net),
    pending: isPending ? { ...balance.pending, [key]: (balance.pending[key] ?? 0) + line.net } : balance.pending,
  });
  return unit.put('balance_transactions', line);
}

/** The balance at this instant: what has become available since the last movement is counted as such. */
export function balanceOf(unit: Unit, account: string, currency: string): Balance {
  const id = `${account}/${currency}`;
  const kept = unit.get('balances', id) ?? { id, account, currency, available: 0, pending: {} };
  const pending: Record<string, number> = {};
  let available = kept.available;
  for (const [at, amount] of Object.entries(kept.pending)) {
    if (Number(at) <= unit.now) available += amount;
    else pending[at] = amount;
  }
  return { ...kept, available, pending };
}

export function pendingOf(balance: Balance): number {
  return Object.values(balance.pending).reduce((sum, amount) => sum + amount, 0);
}

export function presentBalance(unit: Unit, account: string): Readonly<Record<string, unknown>> {
  const kept = unit.world.all('balances').filter((balance) => balance.account === account).map((balance) => balanceOf(unit, account, balance.currency));
  const balances = kept.length > 0 ? kept : [balanceOf(unit, account, 'usd')];
  const money = (amount: number, currency: string) => ({ amount, currency, source_types: { card: amount } });
  return {
    object: 'balance', livemode: false,
    available: balances.map((one) => money(one.available, one.currency)),
    pending: balances.map((one) => money(pendingOf(one), one.currency)),
  };
}
