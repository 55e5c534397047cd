import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Authenticator } from '@libs/client/floor';
import { OutsideWorld } from '@libs/client/outside-world';
import { type Order, type PlacedQuote, Trader } from '@libs/client/trader';
import { BUILD, type ExchangeOptions, ExchangeProcess } from './exchange-process';

const PASSWORD = 'correct horse battery';

/** Limits are the subject of the gateway's own tests; people in stories act faster than people do. */
export const unlimited = { LIMIT_ANONYMOUS_PER_MIN: '100000', LIMIT_READS_PER_MIN: '100000', LIMIT_TRADING_PER_MIN: '100000', LIMIT_TRADING_BURST: '100000', LIMIT_LOGIN_PER_15_MIN: '1000', LIMIT_MAILS_PER_HOUR: '1000', LIMIT_MAIL_ASKERS_PER_HOUR: '1000' };

/** An exchange as a story needs it, however it runs. */
export interface Exchange {
  readonly url: string;
  readonly data: string;
  readonly run: { readonly sandboxUrl: string; readonly databases: Readonly<Record<string, string>> };
  settled(): Promise<void>;
  passes(time: { hours?: number; days?: number; minutes?: number }, stepMs?: number): Promise<void>;
  remove(): Promise<void>;
}

/** A running exchange and the people in it, in the words of a story. */
export class Story<E extends Exchange = ExchangeProcess> {
  readonly world: OutsideWorld;
  private products = 0;

  private constructor(
    readonly exchange: E,
    readonly admin: Trader,
    readonly authenticators: readonly [Authenticator, Authenticator],
  ) {
    this.world = new OutsideWorld(exchange.run.sandboxUrl);
  }

  static async begin(options: ExchangeOptions = {}): Promise<Story> {
    return Story.on(await ExchangeProcess.start({ ...options, env: { ...unlimited, ...options.env } }));
  }

  /** On one that is there, and in which nobody is yet. */
  static async on<E extends Exchange>(exchange: E): Promise<Story<E>> {
    const world = new OutsideWorld(exchange.run.sandboxUrl);
    const [admin, ada, abe] = await Promise.all(['Alex', 'Ada', 'Abe'].map((name) => new Trader(exchange.url, world, account(name)).registers()));
    if (!admin || !ada || !abe) throw new Error('the staff is missing');
    await run('user/src/grant-admin.js', [admin.account.email], { USER_DATABASE_URL: exchange.run.databases.user });
    await admin.logsIn();
    for (const inspector of [ada, abe]) await admin.grants(inspector, ['buyer', 'seller', 'authenticator'], 'hired');
    const story = new Story(exchange, admin, [new Authenticator(ada), new Authenticator(abe)]);
    await story.staffLogsIn();
    return story;
  }

  /** Before each of many stories on one exchange: access lasts a quarter of an hour, and a busy machine takes longer for all of them. */
  async staffLogsIn(): Promise<void> {
    await Promise.all([this.admin, ...this.authenticators.map(({ person }) => person)].map((person) => person.logsIn()));
  }

  /** A new product in one size: its market. */
  async market(): Promise<string> {
    const [market] = await this.markets(1);
    return market ?? '';
  }

  async markets(count: number): Promise<string[]> {
    const product = { brand: 'Norrland', model: `Aurora ${++this.products}`, colorway: 'Glacier', styleId: `NL-${randomUUID()}`, retailPrice: { amount: 18_000, currency: 'USD' } };
    const sizes = Array.from({ length: count }, (_, i) => `${6 + i / 2}`);
    const { markets } = await this.admin.api.post<{ markets: { id: string }[] }>('/v1/products', { ...product, sizes });
    return markets.map(({ id }) => id);
  }

  /** Somebody with a card and an address. */
  async buyer(name = 'Bea', card?: string): Promise<Trader> {
    const buyer = await this.stranger(name);
    await buyer.addsAddress();
    await buyer.addsCard(card);
    return buyer;
  }

  /** Somebody with a payout account and an address to ship from. */
  async seller(name = 'Sam'): Promise<Trader> {
    const seller = await this.stranger(name);
    await Promise.all([seller.addsAddress('Austin'), seller.opensPayoutAccount()]);
    return seller;
  }

  /** Somebody who has not followed the link in the mail yet. */
  newcomer(name: string): Promise<Trader> {
    return new Trader(this.exchange.url, this.world, account(name)).opensAccount();
  }

  stranger(name: string): Promise<Trader> {
    return new Trader(this.exchange.url, this.world, account(name)).registers();
  }

  /** A trade at `dollars`, settled as far as it goes by itself; answers the ask and its order as the seller sees it. */
  async trade(buyer: Trader, seller: Trader, dollars = 450, market?: string): Promise<{ bid: PlacedQuote; ask: PlacedQuote; order: Order }> {
    const where = market ?? (await this.market());
    const bid = await buyer.bids(where, dollars);
    const ask = await seller.asks(where, dollars);
    await this.settled();
    return { bid, ask, order: await seller.orderOf(ask) };
  }

  /** Ships the pair and takes it in at the warehouse; answers the inspection's task. */
  async bringsIn(seller: Trader, order: Order): Promise<string> {
    const tracking = await seller.ships(order.id);
    await this.settled();
    const { task } = await this.authenticators[0].takesIn(tracking);
    if (!task) throw new Error('the parcel is a stray one');
    await this.settled();
    return task.id;
  }

  settled(): Promise<void> {
    return this.exchange.settled();
  }

  passes(time: { hours?: number; days?: number; minutes?: number }): Promise<void> {
    return this.exchange.passes(time);
  }

  /** Runs the operator's check; answers what it printed, and throws when an invariant is broken. */
  async invariantsHold(): Promise<string> {
    await this.settled();
    return run('standalone/src/verify.js', ['--data', this.exchange.data], {});
  }

  async trialBalance(): Promise<Record<string, number>> {
    const { data } = await this.admin.api.get<{ data: { code: string; balance: { amount: number } }[] }>('/v1/admin/trial-balance');
    return Object.fromEntries(data.map(({ code, balance }) => [code, balance.amount]));
  }

  async end(): Promise<void> {
    await this.exchange.remove();
  }
}

function account(firstName: string) {
  return { email: `${firstName.toLowerCase()}-${randomUUID()}@example.com`, password: PASSWORD, firstName, lastName: 'Story' };
}

/** Runs one of our own commands from the build. */
function run(main: string, args: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<string> {
  return new Promise((done, fail) => {
    execFile(process.execPath, [join(BUILD, 'apps', main), ...args], { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      if (error) fail(new Error(`${main} failed:\n${stdout}${stderr}`));
      else done(stdout);
    });
  });
}
