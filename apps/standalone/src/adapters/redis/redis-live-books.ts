import { Redis } from 'ioredis';
import { typeId } from '@libs/kernel/ids';
import type { Invariant, LiveBooks, Shown, Stores } from '../../verify/invariant';

/** The sorted sets that everybody but the writer reads. */
export class RedisLiveBooks implements LiveBooks {
  private constructor(private readonly client: Redis) {}

  static async open(url: string): Promise<RedisLiveBooks> {
    const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1 });
    await client.connect();
    return new RedisLiveBooks(client);
  }

  async read(marketId: string): Promise<Shown | undefined> {
    const tag = `{m:${marketId}}`;
    // One transaction: the sequence and both sides are of the same moment.
    const answers = await this.client.multi().hget(`${tag}:meta`, 'seq').zrange(`${tag}:bids`, 0, -1, 'WITHSCORES').zrange(`${tag}:asks`, 0, -1, 'WITHSCORES').exec();
    const [seq, bids, asks] = (answers ?? []).map(([, value]) => value) as [string | null, string[], string[]]; // In the order that was asked.
    return seq === null ? undefined : { seq: Number(seq), bids: quotesOf(bids), asks: quotesOf(asks) };
  }

  close(): void {
    this.client.disconnect();
  }
}

/** A member is the priority in 16 digits, a colon, and the quote's id; the score is the price, negated for bids. */
function quotesOf(membersAndScores: readonly string[]): string[] {
  return membersAndScores.flatMap((member, i) => (i % 2 === 0 ? [`${member.slice(17)}@${Math.abs(Number(membersAndScores[i + 1]))}`] : []));
}

const MARKETS = `
  select m.id, m.seq,
         coalesce(array_agg(q.id || '@' || q.price order by q.price desc, q.prio) filter (where q.side = 'bid'), '{}') as bids,
         coalesce(array_agg(q.id || '@' || q.price order by q.price, q.prio) filter (where q.side = 'ask'), '{}') as asks
    from markets m left join quotes q on q.market_id = m.id and q.status = 'active' group by m.id`;

export const books: readonly Invariant[] = [{ id: 'R1', says: 'the live books show what rests in the database, at its price and in its order', offenders: shownOtherwise, unseen: ({ books: live }) => (live ? undefined : 'the live books, which a running Redis shows') }];

async function shownOtherwise({ bidding, books: live }: Stores): Promise<string[]> {
  if (!live) return [];
  const offences: string[] = [];
  const markets = await bidding.query<{ id: string; seq: number; bids: string[]; asks: string[] }>(MARKETS);
  for (const { id, seq, bids, asks } of markets) {
    const market = typeId('mkt', id);
    const shown = await live.read(market);
    const named = (side: 'bid' | 'ask', quotes: readonly string[]) => String(quotes.map((quote) => typeId(side, quote.slice(0, 36)) + quote.slice(36)));
    // Where nothing has ever happened there is nothing to show.
    if (!shown && seq === 0) continue;
    if (shown?.seq !== seq) offences.push(`${market} is at ${seq}, shown at ${shown?.seq ?? 'nothing'}`);
    else if (String(shown.bids) !== named('bid', bids) || String(shown.asks) !== named('ask', asks)) offences.push(`${market} is shown with other quotes than rest`);
  }
  return offences;
}
