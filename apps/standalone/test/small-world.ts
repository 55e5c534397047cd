import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, escapeIdentifier } from 'pg';
import { type Trader, usd } from '@libs/client/trader';
import { EmbeddedPostgres } from '@libs/postgres/embedded-postgres';
import { Story } from '@libs/testing/story';
import { PostgresLog } from '../src/adapters/postgres/postgres-log';
import { ReadOnlyDatabase } from '../src/adapters/postgres/read-only-database';
import { SandboxProviderBooks } from '../src/adapters/sandbox/sandbox-provider-books';
import { databaseFolder } from '../src/launch/environment';
import type { RunFile } from '../src/run-file';
import { type ProviderBooks, serviceStores, type ServiceStore, type Stores } from '../src/verify/invariant';

export type StoreName = ServiceStore | 'bus';

/** Who and what is in the world, by public id. */
export interface Facts {
  /** With a book: asks at 500 (matched), 500 and 510, bids at 400 and 390. */
  readonly market: string;
  readonly matchedAsk: string;
  readonly secondAsk: string;
  readonly bestBid: string;
  readonly cancelledBid: string;
  readonly expiredBid: string;
  /** Paid and waiting for its parcel; paid out; failed and refunded; never paid. */
  readonly orders: { readonly running: string; readonly done: string; readonly refunded: string; readonly bust: string };
  readonly matches: { readonly running: string; readonly done: string; readonly bust: string };
}

const names: readonly StoreName[] = [...serviceStores, 'bus'];
const DAY_MS = 86_400_000;

/** A healthy exchange that has stopped: its databases are templates from which damaged copies are made. */
export class SmallWorld {
  private readonly opened: ReadOnlyDatabase[] = [];
  private copies = 0;

  private constructor(
    readonly facts: Facts,
    private readonly story: Story,
    private readonly server: EmbeddedPostgres,
    readonly provider: ProviderBooks,
    private readonly now: Date,
  ) {}

  static async build(): Promise<SmallWorld> {
    const story = await Story.begin();
    try {
      const facts = await live(story);
      const provider = await remembered(story.exchange.run.sandboxUrl);
      const { now } = (await (await fetch(`${story.exchange.run.sandboxUrl}/clock`)).json()) as { now: string }; // The sandbox's own shape.
      const run = JSON.parse(readFileSync(join(story.exchange.data, 'run.json'), 'utf8')) as RunFile; // Written by the exchange in this shape.
      await story.exchange.stop();
      const port = Number(new URL(run.databases.bus ?? '').port);
      const server = await EmbeddedPostgres.start({ dataDir: databaseFolder(story.exchange.data), port, fsync: false });
      return new SmallWorld(facts, story, server, provider, new Date(now));
    } catch (error) {
      await story.end();
      throw error;
    }
  }

  async stores(): Promise<Stores> {
    const copies = await Promise.all(names.map((name) => this.copy(name)));
    const databases = Object.assign({}, ...copies) as Pick<Stores, StoreName>; // All of them, by name.
    return { ...databases, provider: this.provider, books: undefined, paused: [], now: this.now };
  }

  /** A copy of one database, after `damage` was done to it. */
  async copy(name: StoreName, damage: (client: Client) => Promise<void> = async () => undefined): Promise<Partial<Stores>> {
    const copy = `${name}_${++this.copies}`;
    await this.session('postgres', (admin) => admin.query(`create database ${escapeIdentifier(copy)} template ${escapeIdentifier(name)} strategy file_copy`));
    await this.session(copy, damage);
    const database = await ReadOnlyDatabase.open(this.server.url(copy));
    this.opened.push(database);
    return { [name]: name === 'bus' ? new PostgresLog(database) : database };
  }

  async end(): Promise<void> {
    await Promise.all(this.opened.map((database) => database.close()));
    await this.server.stop();
    await this.story.end();
  }

  private async session(database: string, work: (client: Client) => Promise<unknown>): Promise<void> {
    const client = new Client({ connectionString: this.server.url(database) });
    await client.connect();
    try {
      await work(client);
    } finally {
      await client.end();
    }
  }
}

async function live(story: Story): Promise<Facts> {
  const [bea, cyd, ben, sam, sue] = await Promise.all([story.buyer(), story.buyer('Cyd'), story.buyer('Ben', 'pm_card_chargeCustomerFail'), story.seller(), story.seller('Sue')]);
  const [book, m1, m2, m3] = (await story.markets(4)) as [string, string, string, string];
  const expired = await bea.bids(book, 300, { expiresInDays: 1 });
  const done = await story.trade(bea, sam, 450, m1);
  const refunded = await story.trade(cyd, sue, 200, m2);
  const returned = await sam.asks(m3, 300);
  const unpaid = await ben.bids(m3, 300);
  await inspections(story, { bea, sam, sue, done: done.order.id, refunded: refunded.order.id });
  await story.exchange.passes({ days: 5 }, DAY_MS);

  const [first, second] = [await sam.asks(book, 500), await sue.asks(book, 500)];
  const third = await sam.asks(book, 520);
  await sam.amends(third, { price: usd(510) });
  const [best, cancelled] = [await bea.bids(book, 400), await bea.bids(book, 410)];
  await cyd.bids(book, 390);
  await bea.api.delete(`/v1/bids/${cancelled.id}`);
  const bought = await cyd.bids(book, 505);
  await story.settled();
  const [running, bust] = [await cyd.orderOf(bought), await ben.orderOf(unpaid)];
  expect([(await bea.order(done.order.id)).status, (await cyd.order(refunded.order.id)).status, running.status, bust.status]).toEqual(['delivered', 'auth_failed', 'confirmed', 'cancelled']);
  expect([(await bea.bid(expired.id)).status, (await sam.ask(returned.id)).status, (await sam.ask(first.id)).status]).toEqual(['expired', 'active', 'matched']);
  return {
    market: book, matchedAsk: first.id, secondAsk: second.id, bestBid: best.id, cancelledBid: cancelled.id, expiredBid: expired.id,
    orders: { running: running.id, done: done.order.id, refunded: refunded.order.id, bust: bust.id },
    matches: { running: running.matchId, done: done.order.matchId, bust: bust.matchId },
  };
}

async function inspections(story: Story, { bea, sam, sue, ...orders }: { bea: Trader; sam: Trader; sue: Trader; done: string; refunded: string }): Promise<void> {
  const [ada, abe] = story.authenticators;
  const good = await story.bringsIn(sam, await sam.order(orders.done));
  const bad = await story.bringsIn(sue, await sue.order(orders.refunded));
  await ada.inspects(good);
  await ada.inspects(bad, ['authenticity_markers']);
  await abe.reviews(bad, 'fail');
  await story.settled();
  await ada.sendsOn(orders.done);
  await story.world.scan((await bea.order(orders.done)).outboundTracking ?? '', 'delivered');
  await story.settled();
}

/** The provider's books as they are now: it does not run any more when the checks do. */
async function remembered(url: string): Promise<ProviderBooks> {
  const books = new SandboxProviderBooks(url);
  const [lines, keys, references] = [await books.balanceTransactions(), await books.moneyCallKeys(), await books.messageReferences()];
  return { balanceTransactions: async () => lines, moneyCallKeys: async () => keys, messageReferences: async () => references };
}
