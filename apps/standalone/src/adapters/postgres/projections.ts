import { type Database, type Invariant, pausedConsumers, type ServiceStore, type Stores } from '../../verify/invariant';

/** Something that an owner knows and others keep: the same rows, `id` and what is known of it as one text. */
interface Kept {
  readonly what: string;
  readonly owner: readonly [ServiceStore, string];
  readonly by: readonly (readonly [ServiceStore, string])[];
}

interface Row {
  readonly id: string;
  readonly facts: string;
}

const kept: readonly Kept[] = [
  {
    what: 'open ask',
    owner: ['bidding', `select id, concat_ws(' ', market_id, price) as facts from quotes where side = 'ask' and status = 'active'`],
    by: [
      ['search', `select id, concat_ws(' ', market_id, price_minor) as facts from asks where is_open`],
      ['analytics', `select ask_id as id, concat_ws(' ', market_id, price) as facts from asks where is_open`],
    ],
  },
  {
    what: 'open quote',
    owner: ['bidding', `select id, concat_ws(' ', side, market_id, user_id, price, prio) as facts from quotes where status = 'active'`],
    by: [['notification', `select id, concat_ws(' ', side, market_id, user_id, price_minor, priority) as facts from quotes where is_active`]],
  },
  {
    what: 'sale',
    owner: ['bidding', `select match_id as id, concat_ws(' ', market_id, price, extract(epoch from sold_at)) as facts from sales`],
    by: [['search', `select match_id as id, concat_ws(' ', market_id, price_minor, extract(epoch from sold_at)) as facts from sales where sold_at is not null and not is_busted`]],
  },
  {
    what: 'product',
    owner: ['product', `select id, concat_ws(' ', brand, model, retail_price_minor) as facts from products`],
    by: [
      ['search', `select id, concat_ws(' ', brand, model, retail_price_minor) as facts from products`],
      ['analytics', `select id, concat_ws(' ', brand, model, retail) as facts from products`],
    ],
  },
  {
    what: 'listed product',
    owner: ['product', `select id, style_id as facts from products where status = 'active'`],
    by: [['search', `select p.id, p.style_id as facts from products p join documents d on d.product_id = p.id join editions e on e.live = d.edition where not p.is_retired`]],
  },
  {
    what: 'market',
    owner: ['product', `select id, concat_ws(' ', product_id, size) as facts from sizes`],
    by: [
      ['search', `select id, concat_ws(' ', product_id, size) as facts from markets`],
      ['analytics', `select id, concat_ws(' ', product_id, size) as facts from markets`],
    ],
  },
];

async function factsOf(database: Database, sql: string): Promise<Map<string, string>> {
  const facts = new Map<string, string>();
  await database.each<Row>(sql, ({ id, facts: text }) => void facts.set(id, text));
  return facts;
}

async function differing(stores: Stores): Promise<string[]> {
  const offences: string[] = [];
  for (const { what, owner: [owner, theirs], by } of kept) {
    const known = await factsOf(stores[owner], theirs);
    for (const [service, ours] of by.filter(([service]) => !stores.paused.includes(service))) {
      const told = await factsOf(stores[service], ours);
      for (const id of new Set([...known.keys(), ...told.keys()])) {
        if (known.get(id) !== told.get(id)) offences.push(`${what} ${id} is ${told.get(id) ?? 'unknown'} in ${service}, and ${known.get(id) ?? 'unknown'} in ${owner}`);
      }
    }
  }
  return offences;
}

export const projections: readonly Invariant[] = [
  { id: 'R3', says: 'what search, analytics and notification keep is what its owners would tell them today', offenders: differing, unseen: pausedConsumers },
];
