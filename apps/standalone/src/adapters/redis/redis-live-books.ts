import { Redis } from 'ioredis';
import { typeId } from '@libs/kernel/ids';
import type { Invariant, LiveBooks } from '../../verify/invariant';

/** The sorted sets that everybody but the writer reads. */
export class RedisLiveBooks implements LiveBooks {
  private constructor(private readonly client: Redis) {}

  static async open(url: string): Promise<RedisLiveBooks> {
    const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1 });
    await client.connect();
    return new RedisLiveBooks(client);
  }

  async read(marketId: string): Promise<{ seq: number; bids: string[]; asks: string[] } | undefined> {
    const tag = `{m:${marketId}}`;
    // One transaction: the sequence and both sides are of the same moment.
    const answers = await this.client.multi().hget(`${tag}:meta`, 'seq').zrange(`${tag}:bids`, 0, -1).zrange(`${tag}:asks`, 0, -1).exec();
    const [seq, bids, asks] = (answers ?? []).map(([, value]) => value) as [string | null, string[], string[]]; // In the order that was asked.
    return seq === null ? undefined : { seq: Number(seq), bids: bids.map(idOf), asks: asks.map(idOf) };
  }

  close(): void {
    this.client.disconnect();
  }
}

/** A member is the priority in 16 digits, a colon, and the quote's id. */
const idOf = (member: string): string => member.slice(17);

export const books: readonly Invariant[] = [
  {
    id: 'R1',
    says: 'the live books show what rests in the database, in the same order',
    offenders: async ({ bidding, books: live }) => {
      if (!live) return [];
      const offences: string[] = [];
      const markets = await bidding.query<{ id: string; seq: number; bids: string[] | null; asks: string[] | null }>(
        `select m.id, m.seq, array_agg(q.id order by q.price desc, q.prio) filter (where q.side = 'bid') as bids, array_agg(q.id order by q.price, q.prio) filter (where q.side = 'ask') as asks
           from markets m left join quotes q on q.market_id = m.id and q.status = 'active' where m.seq > 0 group by m.id`,
      );
      for (const { id, seq, bids, asks } of markets) {
        const shown = await live.read(typeId('mkt', id));
        // A market that nobody has asked about since Redis came back empty is filled when it is read.
        if (!shown) continue;
        const stored = { bids: (bids ?? []).map((quote) => typeId('bid', quote)), asks: (asks ?? []).map((quote) => typeId('ask', quote)) };
        if (shown.seq !== seq) offences.push(`${typeId('mkt', id)} is at ${seq}, shown at ${shown.seq}`);
        else if (String(shown.bids) !== String(stored.bids) || String(shown.asks) !== String(stored.asks)) offences.push(`${typeId('mkt', id)} is shown with other quotes than rest`);
      }
      return offences;
    },
  },
];
