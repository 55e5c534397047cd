import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { AccountProvider, type AccountReading, type Reply } from '../../application/provider';
import { providerKey } from './provider-key';
import { StripeClient } from './stripe-client';

@Injectable()
export class StripeAccounts extends AccountProvider {
  constructor(private readonly stripe: StripeClient) {
    super();
  }

  /** Payouts are ours to make, so the provider's own schedule is off. */
  createAccount({ key, userId, bankToken, country }: { key: string; userId: string; bankToken: string; country: string }): Promise<Reply<AccountReading>> {
    const facts: Stripe.AccountCreateParams = {
      type: 'custom', country, external_account: bankToken, capabilities: { transfers: { requested: true } },
      settings: { payouts: { schedule: { interval: 'manual' } } }, metadata: { user_id: userId },
    };
    return this.stripe.call(async (sdk) => readingOf(await sdk.accounts.create(facts, { idempotencyKey: providerKey(key) })));
  }

  changeBank({ key, accountId, bankToken }: { key: string; accountId: string; bankToken: string }): Promise<Reply<AccountReading>> {
    return this.stripe.call(async (sdk) => {
      await sdk.accounts.createExternalAccount(accountId, { external_account: bankToken, default_for_currency: true }, { idempotencyKey: providerKey(key) });
      return readingOf(await sdk.accounts.retrieve(accountId));
    });
  }

  readAccount(accountId: string): Promise<Reply<AccountReading>> {
    return this.stripe.call(async (sdk) => readingOf(await sdk.accounts.retrieve(accountId)));
  }
}

function readingOf(account: Stripe.Account): AccountReading {
  const banks = (account.external_accounts?.data ?? []).filter((bank): bank is Stripe.BankAccount => bank.object === 'bank_account');
  const bank = banks.find((candidate) => candidate.default_for_currency) ?? banks[0];
  return {
    id: account.id,
    userId: account.metadata?.['user_id'],
    isEnabled: account.payouts_enabled && account.capabilities?.transfers === 'active',
    bankLast4: bank?.last4 ?? '',
    bankFingerprint: bank?.fingerprint ?? bank?.id ?? '',
  };
}
