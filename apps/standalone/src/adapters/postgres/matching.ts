import { typeId } from '@libs/kernel/ids';
import { type Invariant, rows, type Stores } from '../../verify/invariant';
import { BookAudit, type JournalEvent } from '../../verify/book-audit';

const JOURNAL = `select e ->> 3 as type, e -> 4 as payload
  from outbox o, regexp_split_to_table(o.events, '\\n') with ordinality l(line, n), lateral (select l.line::json as e) x order by o.pos, l.n`;

let audited: { stores: Stores; audit: Promise<BookAudit> } | undefined;

/** Read once for all the rules that it answers. */
function audit(stores: Stores): Promise<BookAudit> {
  if (audited?.stores !== stores) audited = { stores, audit: replay(stores) };
  return audited.audit;
}

async function replay(stores: Stores): Promise<BookAudit> {
  const book = new BookAudit();
  await stores.bidding.each<JournalEvent>(JOURNAL, (event) => book.take(event));
  return book;
}

const journal = (id: string, says: string): Invariant => ({ id, says, offenders: async (stores) => (await audit(stores)).offences(id) });

export const matching: readonly Invariant[] = [
  rows('M1', 'each quote is in at most one match that is not bust', 'bidding', `
    select id from (select bid_id as id from matches where state <> 'bust' union all select ask_id from matches where state <> 'bust') x group by id having count(*) > 1`),
  rows('M2', 'no book is crossed or locked', 'bidding', `
    select market_id from quotes where status = 'active' group by market_id
    having max(price) filter (where side = 'bid') >= min(price) filter (where side = 'ask')`),
  journal('M3', 'each match took the best price there was'),
  journal('M4', 'at one price the older quote went first'),
  journal('M5', 'each match is at the resting quote\'s price, within both limits'),
  rows('M6', 'nobody trades with himself', 'bidding', 'select id from matches where buyer_id = seller_id'),
  journal('M7', 'nothing matched after its expiry'),
  journal('M8', 'each market\'s changes are numbered 1..N, one event each'),
  {
    id: 'M8b',
    says: 'each market stands at the number of its last event',
    offenders: async (stores) => {
      const last = (await audit(stores)).lastSeqs();
      const markets = await stores.bidding.query<{ id: string; seq: number }>('select id, seq from markets where seq > 0');
      return markets.filter(({ id, seq }) => last.get(typeId('mkt', id)) !== seq).map(({ id, seq }) => `${typeId('mkt', id)} stands at ${seq}, its events end at ${last.get(typeId('mkt', id)) ?? 0}`);
    },
  },
  {
    id: 'M9',
    says: 'replaying the events gives the quotes that rest in the database',
    offenders: async (stores) => {
      const resting = (await audit(stores)).resting();
      const active = await stores.bidding.query<{ id: string; side: 'bid' | 'ask'; price: number; prio: number }>(`select id, side, price, prio from quotes where status = 'active'`);
      const stored = new Map(active.map(({ id, side, price, prio }) => [typeId(side, id), `${price}@${prio}`]));
      return [
        ...[...stored].filter(([id, what]) => resting.get(id) !== what).map(([id, what]) => `${id} rests as ${what}, by its events as ${resting.get(id) ?? 'nothing'}`),
        ...[...resting.keys()].filter((id) => !stored.has(id)).map((id) => `${id} rests by its events only`),
      ];
    },
  },
  rows('M10', 'a quote is matched exactly if it has met another, and stays so unless a bust gave it back', 'bidding', `
    select q.id, q.status from quotes q left join matches b on b.bid_id = q.id left join matches a on a.ask_id = q.id where q.status = 'matched' and b.id is null and a.id is null
    union all
    select q.id, q.status from matches m join quotes q on q.id = any (array[m.bid_id, m.ask_id]) where m.state <> 'bust' and q.status <> 'matched'`),
  rows('M12', 'a user\'s key has done one thing', 'bidding', `
    select q.user_id, q.client_key from quotes q join command_answers a on a.user_id = q.user_id and a.key = q.client_key`),
  rows('M14', 'every price is a whole number of ticks within its market\'s bounds', 'bidding', `
    select q.id, q.price from quotes q join markets m on m.id = q.market_id where q.price % m.tick <> 0 or q.price < m.min_price or q.price > m.max_price`),
];
