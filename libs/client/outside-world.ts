/** A message as the sandbox's outbox shows it to its reader. */
export interface OutboxMessage {
  readonly channel: 'email' | 'sms';
  readonly to: string;
  /** The exchange's own name for it. */
  readonly reference: string | null;
  readonly subject: string | null;
  readonly text: string;
  readonly html: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

const MAIL_WITHIN_MS = 15_000;
const POLL_MS = 100;
/** 256 bit in base64url, as every link of an account carries them. */
const LINK_TOKEN = /[?&#]token=([\w-]{43})(?![\w-])/;

/** The sandbox as people meet it: their card form, the parcel counter, their mailbox, the passing of time. */
export class OutsideWorld {
  constructor(readonly url: string) {}

  /** What the provider's library does in the buyer's browser with a card form. */
  async confirmCard(clientSecret: string, card = 'pm_card_visa'): Promise<void> {
    const id = clientSecret.split('_secret')[0] ?? '';
    const kind = id.startsWith('pi_') ? 'payment_intents' : 'setup_intents';
    await this.form(`/v1/${kind}/${id}/confirm`, { client_secret: clientSecret, payment_method: card });
  }

  /** The buyer pays in the browser with the card that was turned away, and passes the bank's check. */
  async authenticate(clientSecret: string): Promise<void> {
    const id = clientSecret.split('_secret')[0] ?? '';
    const answer = await fetch(`${this.url}/v1/payment_intents/${id}?client_secret=${clientSecret}`, { headers: { authorization: 'Bearer pk_test_sandbox' } });
    const { last_payment_error: refused } = (await answer.json()) as { last_payment_error?: { payment_method?: { id: string } } }; // The provider's documented shape.
    await this.form(`/v1/payment_intents/${id}/confirm`, { client_secret: clientSecret, payment_method: refused?.payment_method?.id ?? '' });
    await this.form(`/v1/payment_intents/${id}/authenticate`, { client_secret: clientSecret });
  }

  async scan(tracking: string, kind: 'accepted' | 'in_transit' | 'delivered' | 'lost'): Promise<void> {
    await this.json(`/carrier/v1/shipments/${tracking}/scans`, { kind });
  }

  /** What somebody has been sent, to a mail address or a phone number, the oldest first. */
  async messagesTo(to: string): Promise<OutboxMessage[]> {
    const answer = await fetch(`${this.url}/control/outbox?to=${encodeURIComponent(to)}`);
    return ((await answer.json()) as { messages: OutboxMessage[] }).messages; // The sandbox's own shape.
  }

  async fault(fault: { path: string; method?: string; mode: string; times?: number; percent?: number; delayMs?: number }): Promise<void> {
    await this.json('/control/faults', { times: 1, ...fault });
  }

  /** All is well again out there. */
  async faultsEnd(): Promise<void> {
    await fetch(`${this.url}/control/faults`, { method: 'DELETE' });
  }

  /** The newest mail to an address whose words match. */
  async lastMailTo(email: string, matches: (text: string) => boolean = () => true): Promise<OutboxMessage | undefined> {
    return (await this.messagesTo(email)).findLast(({ channel, to, text }) => channel === 'email' && to === email && matches(text));
  }

  /** Waits for a mail with a link that carries a token, one that is not known yet, and answers the token. */
  async tokenMailedTo(email: string, known: readonly string[] = []): Promise<string> {
    const tokenOf = (text: string | undefined) => LINK_TOKEN.exec(text ?? '')?.[1];
    const isNew = (text: string) => {
      const token = tokenOf(text);
      return token !== undefined && !known.includes(token);
    };
    for (let waited = 0; waited < MAIL_WITHIN_MS; waited += POLL_MS) {
      const token = tokenOf((await this.lastMailTo(email, isNew))?.text);
      if (token !== undefined) return token;
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
    throw new Error('no mail with a link has come');
  }

  async requests(): Promise<{ method: string; path: string; idempotencyKey?: string }[]> {
    const answer = await fetch(`${this.url}/control/requests`);
    const { requests } = (await answer.json()) as { requests: { method: string; path: string; idempotencyKey?: string }[] }; // The sandbox's own shape.
    return requests;
  }

  private async form(path: string, fields: Record<string, string>): Promise<void> {
    await this.send(path, 'application/x-www-form-urlencoded', new URLSearchParams(fields).toString());
  }

  private async json(path: string, body: unknown): Promise<void> {
    await this.send(path, 'application/json', JSON.stringify(body));
  }

  private async send(path: string, type: string, body: string): Promise<void> {
    const answer = await fetch(`${this.url}${path}`, { method: 'POST', headers: { 'content-type': type, authorization: 'Bearer pk_test_sandbox' }, body });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  }
}
