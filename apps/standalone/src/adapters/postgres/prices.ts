import { typeId } from '@libs/kernel/ids';
import type { Database, Invariant, Stores } from '../../verify/invariant';

interface SaleRow {
  readonly match_id: string;
  /** Market, number in the book, price and instant, as one text. */
  readonly facts: string;
}

const UNRECORDED = `
  select coalesce(s.match_id, m.id) as match from sales s full join (select * from matches where state = 'completed') m on m.id = s.match_id
   where s.match_id is null or m.id is null or s.price <> m.price or s.market_id <> m.market_id`;
/** The owner's word: the matches that were paid and not taken back. */
const SOLD = `
  select m.id as match_id, concat_ws(' ', m.market_id, m.seq, m.price, m.buyer_id, m.seller_id, extract(epoch from s.sold_at)) as facts
    from matches m join sales s on s.match_id = m.id where m.state = 'completed'`;
/** What last sale, charts and indices are made of. */
const SHOWN = `
  select match_id, concat_ws(' ', market_id, market_seq, price, buyer_id, seller_id, extract(epoch from sold_at)) as facts from trades where is_sale`;
/** A brand's index reads the brand that stands on the trade. */
const MISPLACED = `select t.match_id from trades t join products p on p.id = t.product_id where t.is_sale and t.brand is distinct from p.brand`;

async function factsOf(database: Database, sql: string): Promise<Map<string, string>> {
  const facts = new Map<string, string>();
  await database.each<SaleRow>(sql, (row) => void facts.set(row.match_id, row.facts));
  return facts;
}

async function wrongSales({ bidding, analytics }: Stores): Promise<string[]> {
  const unrecorded = await bidding.query<{ match: string }>(UNRECORDED);
  const [sold, shown] = [await factsOf(bidding, SOLD), await factsOf(analytics, SHOWN)];
  const nameOf = (uuid: string) => typeId('mtc', uuid);
  const offences = unrecorded.map(({ match }) => `match=${match}`);
  for (const [match, facts] of sold) {
    const told = shown.get(match);
    if (told === undefined) offences.push(`${nameOf(match)} is paid and not in the price history`);
    else if (told !== facts) offences.push(`${nameOf(match)} is ${told} in the price history, and was ${facts}`);
  }
  const misplaced = await analytics.query<{ match_id: string }>(MISPLACED);
  return [
    ...offences,
    ...[...shown.keys()].filter((match) => !sold.has(match)).map((match) => `${nameOf(match)} is in the price history and no sale`),
    ...misplaced.map(({ match_id }) => `${nameOf(match_id)} counts for another brand than its product's`),
  ];
}

export const prices: readonly Invariant[] = [
  { id: 'M15', says: 'last sale, price history and indices are made of exactly the paid matches that were not taken back', offenders: wrongSales },
];
