import { Injectable } from '@nestjs/common';
import { money } from '@libs/kernel/money';
import { BalanceProvider, type BalanceLine, type Reply } from '../../application/provider';
import { StripeClient } from './stripe-client';

const PAGE = 100;

@Injectable()
export class StripeBalance extends BalanceProvider {
  constructor(private readonly stripe: StripeClient) {
    super();
  }

  listLines(since: Date, after: string | undefined): Promise<Reply<{ lines: BalanceLine[]; hasMore: boolean }>> {
    const created = { gte: Math.max(0, Math.floor(since.getTime() / 1_000)) };
    return this.stripe.call(async (sdk) => {
      const { data, has_more: hasMore } = await sdk.balanceTransactions.list({ created, limit: PAGE, ...(after ? { starting_after: after } : {}) });
      const lines = data.map(({ id, type, net, currency, created: at }) => ({ id, type, net: money(currency.toUpperCase(), net), createdAt: new Date(at * 1_000) }));
      return { lines, hasMore };
    });
  }
}
