import { Api } from './api';
import { type OutboxMessage, OutsideWorld } from './outside-world';

export interface Amount {
  readonly amount: number;
  readonly currency: string;
}

export interface PlacedQuote {
  readonly id: string;
  readonly marketId: string;
  readonly status: string;
  readonly reason?: string;
  readonly price: Amount;
  readonly version: number;
  readonly bookSeq: number;
  readonly match?: { readonly id: string; readonly price: Amount };
}

export interface Order {
  readonly id: string;
  readonly status: string;
  readonly matchId: string;
  readonly price: Amount;
  readonly cancelReason?: string;
  readonly paymentStatus: string;
  readonly payoutStatus: string;
  readonly inboundTracking?: string;
  readonly outboundTracking?: string;
  readonly returnTracking?: string;
  readonly notice?: string;
  readonly lines: readonly { readonly kind: string; readonly amount: Amount }[];
}

export interface Page<T> {
  readonly data: T[];
  readonly page: { readonly hasMore: boolean; readonly nextCursor?: string };
}

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly sessionId: string;
}

export interface Account {
  readonly email: string;
  readonly password: string;
  readonly firstName: string;
  readonly lastName: string;
}

/** What the bill of one's own side comes to; nothing before it is known. */
export function billOf(order: Order): Amount | undefined {
  if (order.lines.length < 2) return undefined;
  return { amount: order.lines.reduce((sum, { amount }) => sum + amount.amount, 0), currency: order.price.currency };
}

export const usd = (dollars: number): Amount => ({ amount: dollars * 100, currency: 'USD' });

const CARD_KNOWN_WITHIN_MS = 10_000;
const POLL_MS = 50;

/** A person who buys and sells, as they do it through the public API. */
export class Trader {
  readonly api: Api;
  id = '';
  tokens: Tokens | undefined;

  constructor(
    url: string,
    readonly world: OutsideWorld,
    readonly account: Account,
  ) {
    this.api = new Api(url);
  }

  /** Opens an account, and follows the link in the mail: nobody trades without. */
  async registers(): Promise<this> {
    await this.opensAccount();
    return this.verifiesEmail();
  }

  async opensAccount(): Promise<this> {
    this.take(await this.api.post('/v1/auth/register', { ...this.account }));
    return this;
  }

  async verifiesEmail(): Promise<this> {
    await this.api.post('/v1/auth/email/verify', { token: await this.world.tokenMailedTo(this.account.email) });
    return this;
  }

  async logsIn(): Promise<this> {
    const { email, password } = this.account;
    this.take(await this.api.post('/v1/auth/login', { email, password }));
    return this;
  }

  /** As an admin: what somebody may do from their next login on. */
  async grants(other: Trader, roles: readonly string[], reason: string): Promise<void> {
    const { version } = await other.api.get<{ version: number }>('/v1/me');
    await this.api.put(`/v1/admin/users/${other.id}/roles`, { roles, reason }, version);
  }

  async addsAddress(city = 'Portland'): Promise<string> {
    const address = { name: `${this.account.firstName} ${this.account.lastName}`, street: '12 Harbour Street', city, region: 'OR', postalCode: '97201', country: 'US' };
    const { id } = await this.api.post<{ id: string }>('/v1/me/addresses', address);
    return id;
  }

  /** Fills in the card form and waits until the exchange knows the card; answers its id. */
  async addsCard(card = 'pm_card_visa'): Promise<string> {
    const before = new Set((await this.cards()).map(({ id }) => id));
    const { clientSecret } = await this.api.post<{ clientSecret: string }>('/v1/payments/setup-intents');
    await this.world.confirmCard(clientSecret, card);
    for (let waited = 0; waited < CARD_KNOWN_WITHIN_MS; waited += POLL_MS) {
      const added = (await this.cards()).find(({ id }) => !before.has(id));
      if (added) return added.id;
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
    throw new Error('the exchange never heard of the card');
  }

  async cards(): Promise<{ id: string; last4: string; isDefault: boolean }[]> {
    return (await this.api.get<{ data: { id: string; last4: string; isDefault: boolean }[] }>('/v1/payments/methods')).data;
  }

  async opensPayoutAccount(bankToken = 'btok_us_verified'): Promise<void> {
    await this.api.post('/v1/payouts/account', { bankToken, country: 'US' });
  }

  bids(marketId: string, dollars: number, more: { expiresInDays?: number; paymentMethodId?: string } = {}, key?: string): Promise<PlacedQuote> {
    return this.api.post('/v1/bids', { marketId, price: usd(dollars), ...more }, key);
  }

  asks(marketId: string, dollars: number, more: { expiresInDays?: number } = {}, key?: string): Promise<PlacedQuote> {
    return this.api.post('/v1/asks', { marketId, price: usd(dollars), ...more }, key);
  }

  buysNow(marketId: string, atMost: number): Promise<PlacedQuote> {
    return this.api.post(`/v1/markets/${marketId}/buy-now`, { maxPrice: usd(atMost) });
  }

  sellsNow(marketId: string, atLeast: number): Promise<PlacedQuote> {
    return this.api.post(`/v1/markets/${marketId}/sell-now`, { minPrice: usd(atLeast) });
  }

  /** Another price or expiry for a bid or an ask of one's own, which is to be as one has seen it. */
  amends({ id, version }: PlacedQuote, change: { price?: Amount; expiresInDays?: number }): Promise<PlacedQuote> {
    return this.api.patch(`/v1/${id.startsWith('bid_') ? 'bids' : 'asks'}/${id}`, change, version);
  }

  bid(id: string): Promise<PlacedQuote> {
    return this.api.get(`/v1/bids/${id}`);
  }

  ask(id: string): Promise<PlacedQuote> {
    return this.api.get(`/v1/asks/${id}`);
  }

  async orders(): Promise<Order[]> {
    return (await this.api.get<Page<Order>>('/v1/orders?limit=100')).data;
  }

  order(id: string): Promise<Order> {
    return this.api.get(`/v1/orders/${id}`);
  }

  /** The order that a match became. */
  async orderOf(quote: PlacedQuote): Promise<Order> {
    const found = (await this.orders()).find(({ matchId }) => matchId === quote.match?.id);
    if (!found) throw new Error(`no order for match ${quote.match?.id}`);
    return found;
  }

  /** What is in the mailbox, the oldest first. */
  mails(): Promise<OutboxMessage[]> {
    return this.world.messagesTo(this.account.email);
  }

  /** Takes the labelled pair to the carrier's counter. */
  async ships(orderId: string): Promise<string> {
    const { tracking } = await this.api.get<{ tracking: string }>(`/v1/orders/${orderId}/label`);
    await this.world.scan(tracking, 'accepted');
    return tracking;
  }

  private take({ user, tokens }: { user: { id: string }; tokens: Tokens }): void {
    this.id = user.id;
    this.tokens = tokens;
    this.api.token = tokens.accessToken;
  }
}
