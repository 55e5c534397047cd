import { typeId } from '@libs/kernel/ids';
import { type Invariant, rows, type Stores } from '../../verify/invariant';
import { BookAudit, type JournalLine } from '../../verify/book-audit';

let audited: { stores: Stores; audit: Promise<BookAudit> } | undefined;

/** Read once for all the rules that it answers. */
function audit(stores: Stores): Promise<BookAudit> {
  if (audited?.stores !== stores) audited = { stores, audit: replay(stores) };
  return audited.audit;
}

async function replay(stores: Stores): Promise<BookAudit> {
  const book = new BookAudit();
  await stores.bidding.each<{ events: string }>('select events from outbox order by pos', ({ events }) => {
    for (const line of events.split('\n')) book.take(JSON.parse(line) as JournalLine); // As the writer writes them.
  });
  return book;
}

/** A rule of which the journal of the books alone tells. */
const journal = (id: string, says: string): Invariant => ({ id, says, offenders: async (stores) => [...(await audit(stores)).offences(id)] });

/** Bidding's part of the rule that a key's events are numbered without a gap. */
export async function journalGaps(stores: Stores): Promise<readonly string[]> {
  return (await audit(stores)).offences('E1');
}

export const matching: readonly Invariant[] = [
  rows('M1', 'each quote is in at most one match that is not bust', 'bidding', `
    select id from (select bid_id as id from matches where state <> 'bust' union all select ask_id from matches where state <> 'bust') x group by id having count(*) > 1`),
  {
    id: 'M2',
    says: 'no book is, or was after any of its changes, crossed or locked',
    offenders: async (stores) => {
      const crossed = await stores.bidding.query<{ market_id: string }>(
        `select market_id from quotes where status = 'active' group by market_id having max(price) filter (where side = 'bid') >= min(price) filter (where side = 'ask')`,
      );
      return [...crossed.map(({ market_id }) => `${typeId('mkt', market_id)} is crossed`), ...(await audit(stores)).offences('M2')];
    },
  },
  journal('M3', 'each match took the best price there was'),
  journal('M4', 'at one price the older quote went first'),
  journal('M5', 'each match is at the resting quote\'s price, within both limits'),
  rows('M6', 'each match joins a bid and an ask of its market, of two different people', 'bidding', `
    select m.id as match from matches m left join quotes b on b.id = m.bid_id and b.side = 'bid' left join quotes a on a.id = m.ask_id and a.side = 'ask'
     where m.buyer_id = m.seller_id or b.user_id is distinct from m.buyer_id or a.user_id is distinct from m.seller_id
        or b.market_id is distinct from m.market_id or a.market_id is distinct from m.market_id`),
  journal('M7', 'nothing matched after its expiry or its end, or in a halted market'),
  journal('M8', 'each market\'s changes are numbered 1..N, one event each'),
  {
    id: 'M8b',
    says: 'each market stands at the number of its last event',
    offenders: async (stores) => {
      const ends = (await audit(stores)).ends();
      const markets = await stores.bidding.query<{ id: string; seq: number; match_seq: number }>('select id, seq, match_seq from markets');
      return markets.flatMap(({ id, seq, match_seq }) => {
        const end = ends.get(typeId('mkt', id)) ?? { seq: 0, matches: 0 };
        return end.seq === seq && end.matches === match_seq ? [] : [`${typeId('mkt', id)} stands at ${seq} with ${match_seq} of matches, its events end at ${end.seq} with ${end.matches}`];
      });
    },
  },
  { id: 'M9', says: 'replaying the events gives the quotes that rest in the database', offenders: replayed },
  {
    id: 'M10',
    says: 'a quote is matched exactly if it has met another, and nothing that ended comes back',
    offenders: async (stores) => {
      const torn = await stores.bidding.query<{ id: string; side: 'bid' | 'ask'; status: string }>(
        `select q.id, q.side, q.status from quotes q where q.status = 'matched' and not exists (select from matches m where q.id in (m.bid_id, m.ask_id))
         union
         select q.id, q.side, q.status from matches m join quotes q on q.id = any (array[m.bid_id, m.ask_id]) where m.state <> 'bust' and q.status <> 'matched'`,
      );
      return [...torn.map(({ id, side, status }) => `${typeId(side, id)} is ${status}`), ...(await audit(stores)).offences('M10')];
    },
  },
  rows('M12', 'a user\'s key has done one thing', 'bidding', `
    select user_id as user, key from (select user_id, client_key as key from quotes union all select user_id, key from command_answers) x group by user_id, key having count(*) > 1`),
  rows('M14', 'every price is a whole number of ticks within its market\'s bounds', 'bidding', `
    select q.id as quote, q.price from quotes q join markets m on m.id = q.market_id where q.price % m.tick <> 0 or q.price < m.min_price or q.price > m.max_price`),
];

async function replayed(stores: Stores): Promise<string[]> {
  const resting = (await audit(stores)).resting();
  const offences: string[] = [];
  await stores.bidding.each<{ id: string; side: 'bid' | 'ask'; price: number; prio: number }>(`select id, side, price, prio from quotes where status = 'active'`, ({ id, side, price, prio }) => {
    const [quote, stored] = [typeId(side, id), `${price}@${prio}`];
    if (resting.get(quote) !== stored) offences.push(`${quote} rests as ${stored}, by its events as ${resting.get(quote) ?? 'nothing'}`);
    resting.delete(quote);
  });
  return [...offences, ...[...resting.keys()].map((quote) => `${quote} rests by its events only`)];
}
