import type { ProviderBooks } from '../../verify/invariant';

interface Listed {
  readonly data: { readonly id: string; readonly net: number }[];
  readonly has_more: boolean;
}

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly idempotencyKey?: string | null;
}

/** Calls that may move money: creating and confirming a charge, refunds, transfers, payouts. */
const MONEY_CALLS = /^\/v1\/(payment_intents(\/[^/]+\/confirm)?|refunds|transfers|payouts)$/;

/** The sandbox's books, as the provider's API and its log of requests show them. */
export class SandboxProviderBooks implements ProviderBooks {
  constructor(private readonly url: string) {}

  async balanceTransactions(): Promise<{ id: string; netMinor: number; account: undefined }[]> {
    const found: { id: string; netMinor: number; account: undefined }[] = [];
    for (let after = ''; ; ) {
      const page = await this.get<Listed>(`/v1/balance_transactions?limit=100${after && `&starting_after=${after}`}`);
      found.push(...page.data.map(({ id, net }) => ({ id, netMinor: net, account: undefined })));
      if (!page.has_more) return found;
      after = page.data.at(-1)?.id ?? '';
    }
  }

  async moneyCallKeys(): Promise<string[]> {
    const { requests } = await this.get<{ requests: Seen[] }>('/control/requests');
    return requests.filter(({ method, path, idempotencyKey }) => method === 'POST' && MONEY_CALLS.test(path) && idempotencyKey).map(({ idempotencyKey }) => idempotencyKey ?? '');
  }

  async messageReferences(): Promise<string[]> {
    const { messages } = await this.get<{ messages: { reference: string | null }[] }>('/control/outbox');
    return messages.flatMap(({ reference }) => reference ?? []);
  }

  private async get<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.url}${path}`, { headers: { authorization: 'Bearer sk_test_sandbox' } });
    if (!answer.ok) throw new Error(`the sandbox answered ${answer.status} for ${path}`);
    return (await answer.json()) as T; // The provider's documented shape.
  }
}
