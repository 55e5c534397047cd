interface Listed<T> {
  readonly data: T[];
}

/** What the payment provider has really done for an order, by its own records. */
export interface Moved {
  readonly charges: number;
  readonly refunds: number;
  readonly transfers: number;
  readonly payouts: number;
}

export class ProviderRecords {
  constructor(private readonly url: string) {}

  async movedFor(orderId: string): Promise<Moved> {
    const charges = await this.list<{ id: string; status: string; refunded: boolean }>(`charges?transfer_group=${orderId}`);
    const captured = charges.filter(({ status }) => status === 'succeeded');
    const refunds = (await Promise.all(captured.map(({ id }) => this.list<{ status: string }>(`refunds?charge=${id}`)))).flat();
    const transfers = await this.list<{ destination: string }>(`transfers?transfer_group=${orderId}`);
    const accounts = [...new Set(transfers.map(({ destination }) => destination))];
    const payouts = (await Promise.all(accounts.map((account) => this.list<{ metadata: Record<string, string> }>('payouts', account)))).flat();
    return { charges: captured.length, refunds: refunds.length, transfers: transfers.length, payouts: payouts.filter(({ metadata }) => Object.values(metadata).includes(orderId)).length };
  }

  private async list<T>(path: string, account?: string): Promise<T[]> {
    const headers = { authorization: 'Bearer sk_test_sandbox', ...(account && { 'stripe-account': account }) };
    const answer = await fetch(`${this.url}/v1/${path}${path.includes('?') ? '&' : '?'}limit=100`, { headers });
    if (!answer.ok) throw new Error(`the provider answered ${answer.status} for ${path}: ${await answer.text()}`);
    return ((await answer.json()) as Listed<T>).data; // The provider's documented shape.
  }
}
