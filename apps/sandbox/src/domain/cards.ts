import type { CardError } from './resources';

interface Decline {
  readonly code: string;
  readonly decline_code?: string;
  readonly message: string;
}

const declines = {
  generic: { code: 'card_declined', decline_code: 'generic_decline', message: 'Your card was declined.' },
  insufficientFunds: { code: 'card_declined', decline_code: 'insufficient_funds', message: 'Your card has insufficient funds.' },
  lost: { code: 'card_declined', decline_code: 'lost_card', message: 'Your card was declined.' },
  expired: { code: 'expired_card', decline_code: 'expired_card', message: 'Your card has expired.' },
  processing: { code: 'processing_error', decline_code: 'processing_error', message: 'An error occurred while processing your card. Try again in a little bit.' },
  authenticationRequired: {
    code: 'authentication_required', decline_code: 'authentication_required',
    message: 'Your card was declined. This transaction requires authentication.',
  },
} as const satisfies Record<string, Decline>;
export type DeclineName = keyof typeof declines;

export interface TestCard {
  readonly brand: string;
  readonly last4: string;
  readonly setup: 'succeeds' | 'declines' | 'authenticates';
  /** What the first `times` charges meet; later ones succeed. */
  readonly declines?: { readonly as: DeclineName; readonly times: number };
  /** `always`: every charge needs the holder; `unlessSetUp`: only a card whose set-up the holder has not confirmed. */
  readonly authentication?: 'always' | 'unlessSetUp';
  readonly refund?: 'fails' | 'pends';
  readonly isAvailableAtOnce?: true;
  readonly isDisputed?: true;
}

const visa = { brand: 'visa', setup: 'succeeds' } as const;
const forEver = Number.MAX_SAFE_INTEGER;

/** The cards of the sandbox. Names are the provider's where it has one; `pm_card_sandbox…` are our own. */
export const testCards: Readonly<Record<string, TestCard>> = {
  pm_card_visa: { ...visa, last4: '4242' },
  pm_card_mastercard: { ...visa, brand: 'mastercard', last4: '4444' },
  pm_card_amex: { ...visa, brand: 'amex', last4: '8431' },
  pm_card_bypassPending: { ...visa, last4: '0077', isAvailableAtOnce: true },
  pm_card_chargeDeclined: { ...visa, last4: '0002', setup: 'declines', declines: { as: 'generic', times: forEver } },
  pm_card_chargeCustomerFail: { ...visa, last4: '0341', declines: { as: 'generic', times: forEver } },
  pm_card_chargeDeclinedInsufficientFunds: { ...visa, last4: '9995', declines: { as: 'insufficientFunds', times: forEver } },
  pm_card_chargeDeclinedLostCard: { ...visa, last4: '9987', declines: { as: 'lost', times: forEver } },
  pm_card_chargeDeclinedExpiredCard: { ...visa, last4: '0069', declines: { as: 'expired', times: forEver } },
  pm_card_chargeDeclinedProcessingError: { ...visa, last4: '0119', declines: { as: 'processing', times: forEver } },
  pm_card_sandboxDeclinesFirstCharge: { ...visa, last4: '0001', declines: { as: 'insufficientFunds', times: 1 } },
  pm_card_sandboxDeclinesTwoCharges: { ...visa, last4: '0020', declines: { as: 'insufficientFunds', times: 2 } },
  pm_card_authenticationRequired: { ...visa, last4: '3184', authentication: 'always' },
  pm_card_authenticationRequiredOnSetup: { ...visa, last4: '3155', setup: 'authenticates', authentication: 'unlessSetUp' },
  pm_card_refundFail: { ...visa, last4: '5126', refund: 'fails' },
  pm_card_pendingRefund: { ...visa, last4: '7726', refund: 'pends' },
  pm_card_createDispute: { ...visa, last4: '0259', isDisputed: true },
};

export function cardNamed(name: string): TestCard {
  const card = Object.hasOwn(testCards, name) ? testCards[name] : undefined;
  if (card === undefined) throw new Error(`no test card ${name}`);
  return card;
}

export function cardError(name: DeclineName): CardError {
  const decline: Decline = declines[name];
  return { type: 'card_error', doc_url: `https://docs.stripe.com/error-codes/${decline.code.replaceAll('_', '-')}`, ...decline };
}

/** Test bank accounts, by token and by number: how a payout to them ends (`null` is well). */
export const testBanks: Readonly<Record<string, { readonly last4: string; readonly failureCode: string | null; readonly status: 'new' | 'verified' }>> = {
  btok_us: { last4: '6789', failureCode: null, status: 'new' },
  btok_us_verified: { last4: '6789', failureCode: null, status: 'verified' },
  btok_us_verified_noAccount: { last4: '1116', failureCode: 'no_account', status: 'verified' },
  btok_us_noAccount: { last4: '1116', failureCode: 'no_account', status: 'verified' },
  btok_us_accountClosed: { last4: '1113', failureCode: 'account_closed', status: 'verified' },
  btok_us_insufficientFunds: { last4: '2227', failureCode: 'insufficient_funds', status: 'verified' },
  btok_us_debitNotAuthorized: { last4: '3335', failureCode: 'debit_not_authorized', status: 'verified' },
  btok_us_invalidCurrency: { last4: '4440', failureCode: 'invalid_currency', status: 'verified' },
};

export const bankTokenOfNumber: Readonly<Record<string, string>> = {
  '000123456789': 'btok_us_verified',
  '000111111116': 'btok_us_noAccount',
  '000111111113': 'btok_us_accountClosed',
  '000222222227': 'btok_us_insufficientFunds',
  '000333333335': 'btok_us_debitNotAuthorized',
  '000444444440': 'btok_us_invalidCurrency',
};
