import type { Client } from 'pg';
import { type IdPrefix, uuidOfOwn } from '@libs/kernel/ids';
import type { JournalLine } from '../src/verify/book-audit';
import type { Facts, StoreName } from './small-world';

/** What only a broken program or a hand could have done to a database. */
export interface Damage {
  readonly what: string;
  readonly breaks: string;
  /** Rules that cannot hold either, once this one is broken. */
  readonly also?: readonly string[];
  readonly to: StoreName;
  /** Part of the line that names the offender. */
  readonly names: (facts: Facts) => string;
  readonly does: (client: Client, facts: Facts) => Promise<void>;
}

export const uuid = (id: string): string => uuidOfOwn(id.split('_')[0] as IdPrefix, id); // Every public id begins with its prefix.

/** Statements of plain SQL, with the world's ids in their places. */
const sql = (text: (facts: Facts) => string): Damage['does'] => async (client, facts) => void (await client.query(text(facts)));

/** Changes lines of the journal where they lie. */
const journal = (change: (line: JournalLine, facts: Facts) => unknown, more?: (facts: Facts) => string): Damage['does'] => async (client, facts) => {
  const { rows } = await client.query<{ pos: string; events: string }>('select pos, events from outbox order by pos');
  for (const { pos, events } of rows) {
    const lines = events.split('\n').map((text) => JSON.parse(text) as JournalLine); // As the writer writes them.
    lines.forEach((line) => change(line, facts));
    const changed = lines.map((line) => JSON.stringify(line)).join('\n');
    if (changed !== events) await client.query('update outbox set events = $1 where pos = $2', [changed, pos]);
  }
  if (more) await client.query(more(facts));
};

interface Changeable {
  price: { minor: string };
  priority: string;
  expiresAt: string;
}

/** The placement of a quote, to be changed. */
function placed({ 3: type, 4: { quote } }: JournalLine, id: string, change: (quote: Changeable) => void): void {
  if (quote?.id === id && type.endsWith('.placed')) change(quote); // Read-only for the audit alone.
}

const unguarded = (table: string, trigger: string, text: (facts: Facts) => string) =>
  sql((facts) => `alter table ${table} disable trigger ${trigger}; ${text(facts)}; alter table ${table} enable always trigger ${trigger}`);
const append = (table: string, text: (facts: Facts) => string) => sql((facts) => `alter table ${table} disable trigger user; ${text(facts)}; alter table ${table} enable trigger user`);

const posted = (kind: string, order: (facts: Facts) => string, [debited, credited]: readonly [string, string]) =>
  sql((facts) => `
    with t as (insert into ledger.txn (id, kind, order_id, idem_key, payload_hash, effective_at) values (gen_random_uuid(), '${kind}', '${uuid(order(facts))}', 'by hand', '', now()) returning id),
         h as (select -balance as minor from ledger.balance b join ledger.account a on a.id = b.account_id where a.code = 'held' and a.owner_id = '${uuid(facts.orders.running)}')
    insert into ledger.entry (txn_id, line, account_id, currency, amount)
    select t.id, 1, ${account(debited, facts)}, 'USD', h.minor from t, h union all select t.id, 2, ${account(credited, facts)}, 'USD', -h.minor from t, h`);
const account = (code: string, { orders }: Facts) => `(select id from ledger.account where code = '${code}'${code === 'held' ? ` and owner_id = '${uuid(orders.running)}'` : ''})`;

const matching: Damage[] = [
  { what: 'a second match of the same two quotes', breaks: 'M1', also: ['O1'], to: 'bidding', names: ({ matchedAsk }) => uuid(matchedAsk),
    does: sql(({ matches }) => `drop index matches_live_bid; drop index matches_live_ask;
      insert into matches select gen_random_uuid(), market_id, seq, bid_id, ask_id, price, buyer_id, seller_id, 'pending', matched_at from matches where id = '${uuid(matches.running)}'`) },
  { what: 'a bid that rests above an ask', breaks: 'M2', also: ['R3'], to: 'bidding', names: ({ market }) => `${market} at`,
    does: journal((line, { bestBid }) => placed(line, bestBid, (bid) => (bid.price.minor = '50500')), ({ bestBid }) => `update quotes set price = 50500 where id = '${uuid(bestBid)}'`) },
  { what: 'a dearer ask taken before a cheaper one', breaks: 'M3', also: ['R3'], to: 'bidding', names: ({ secondAsk }) => secondAsk,
    does: journal((line, { secondAsk }) => placed(line, secondAsk, (ask) => (ask.price.minor = '49000')), ({ secondAsk }) => `update quotes set price = 49000 where id = '${uuid(secondAsk)}'`) },
  { what: 'a match with a quote that was not in the book', breaks: 'M3', also: ['M9'], to: 'bidding', names: ({ matches }) => matches.running,
    does: journal((line, { matchedAsk }) => Object.assign(line[4], line[4].askId === matchedAsk && { askId: 'ask_00000000000000000000000000' })) },
  { what: 'a younger ask taken before an older one', breaks: 'M4', also: ['R3'], to: 'bidding', names: ({ secondAsk }) => secondAsk,
    does: journal((line, { secondAsk }) => placed(line, secondAsk, (ask) => (ask.priority = '1')), ({ secondAsk }) => `update quotes set prio = 1 where id = '${uuid(secondAsk)}'`) },
  { what: 'a match at another price than the resting one', breaks: 'M5', to: 'bidding', names: ({ matches }) => matches.running,
    does: journal((line, { matches }) => Object.assign(line[4], line[3] === 'match.created' && line[4].matchId === matches.running && { price: { currency: 'USD', minor: '49900' } })) },
  { what: 'somebody on both sides', breaks: 'M6', also: ['M15'], to: 'bidding', names: ({ matches }) => uuid(matches.running),
    does: sql(({ matches }) => `alter table matches drop constraint matches_legal; update matches set buyer_id = seller_id where id = '${uuid(matches.running)}'`) },
  { what: 'a match with an ask past its expiry', breaks: 'M7', to: 'bidding', names: ({ matchedAsk }) => matchedAsk,
    does: journal((line, { matchedAsk }) => placed(line, matchedAsk, (ask) => (ask.expiresAt = '2026-01-01T00:00:00.000Z'))) },
  { what: 'a match in a halted market', breaks: 'M7', also: ['R3'], to: 'bidding', names: ({ matches }) => matches.running,
    does: journal((line, { cancelledBid }) => line[4].quote?.id === cancelledBid && line[3] === 'bid.cancelled' && Object.assign(line, ['markets', line[1], line[2], 'market.halted', { ...line[4], quote: undefined }]),
      ({ cancelledBid }) => `update quotes set status = 'active', reason = null where id = '${uuid(cancelledBid)}'`) },
  { what: 'a change whose number is skipped', breaks: 'M8', to: 'bidding', names: ({ market }) => market,
    does: journal((line, { bestBid }) => line[4].quote?.id === bestBid && Object.assign(line[4], { marketSeq: '900' })) },
  { what: 'a market ahead of its events', breaks: 'M8b', also: ['E2', 'E3', 'E4'], to: 'bidding', names: ({ market }) => market,
    does: sql(({ market }) => `update markets set seq = seq + 1 where id = '${uuid(market)}'`) },
  { what: 'a resting quote whose place was changed', breaks: 'M9', also: ['R3'], to: 'bidding', names: ({ bestBid }) => bestBid, does: sql(({ bestBid }) => `update quotes set prio = prio + 100 where id = '${uuid(bestBid)}'`) },
  { what: 'a matched quote without a match', breaks: 'M10', to: 'bidding', names: ({ cancelledBid }) => cancelledBid,
    does: sql(({ cancelledBid }) => `update quotes set status = 'matched', reason = null where id = '${uuid(cancelledBid)}'`) },
  { what: 'a quote that ended and came back', breaks: 'M10', also: ['M9'], to: 'bidding', names: ({ cancelledBid }) => cancelledBid,
    does: journal((line, { cancelledBid, bestBid }) => line[4].quote?.id === bestBid && Object.assign(line[4], { quote: { ...line[4].quote, id: cancelledBid, status: 'cancelled' } })) },
  { what: 'a key that did two things', breaks: 'M12', to: 'bidding', names: () => 'user=',
    does: sql(({ bestBid }) => `insert into command_answers (user_id, key, command, body_hash, answer) select user_id, client_key, 'cancelBid', body_hash, '' from quotes where id = '${uuid(bestBid)}'`) },
  { what: 'a price between two ticks', breaks: 'M14', to: 'bidding', names: ({ expiredBid }) => uuid(expiredBid), does: sql(({ expiredBid }) => `update quotes set price = min_price - 1 from markets m where m.id = market_id and quotes.id = '${uuid(expiredBid)}'`) },
  { what: 'a paid match that is no sale', breaks: 'M15', also: ['R3'], to: 'bidding', names: ({ matches }) => uuid(matches.done), does: sql(({ matches }) => `delete from sales where match_id = '${uuid(matches.done)}'`) },
  { what: 'a paid match that is in no chart', breaks: 'M15', to: 'analytics', names: ({ matches }) => `${matches.done} is paid and not`, does: sql(({ matches }) => `delete from trades where match_id = '${uuid(matches.done)}'`) },
  { what: 'a sale that was taken back and still moves the price', breaks: 'M15', to: 'analytics', names: ({ matches }) => `${matches.bust} is in the price history`,
    does: sql(({ matches }) => `update trades set busted = false, price = 1, sold_at = now() where match_id = '${uuid(matches.bust)}'`) },
  { what: 'a chart with another price', breaks: 'M15', to: 'analytics', names: ({ matches }) => matches.done, does: sql(({ matches }) => `update trades set price = price + 1 where match_id = '${uuid(matches.done)}'`) },
  { what: 'a sale at another instant', breaks: 'M15', to: 'analytics', names: ({ matches }) => matches.done, does: sql(({ matches }) => `update trades set sold_at = sold_at + interval '1 second' where match_id = '${uuid(matches.done)}'`) },
  { what: 'a sale that counts for another brand', breaks: 'M15', to: 'analytics', names: () => 'another brand', does: sql(({ matches }) => `update trades set brand = 'Other' where match_id = '${uuid(matches.done)}'`) },
];

const money: Damage[] = [
  { what: 'a line moved from one transaction to another', breaks: 'L1', to: 'payment', names: () => 'txn=',
    does: unguarded('ledger.entry', 'entry_ro', ({ orders }) => `
      update ledger.entry e set line = 99, txn_id = (select id from ledger.txn where kind = 'captured' and order_id = '${uuid(orders.done)}')
       where txn_id = (select id from ledger.txn where kind = 'captured' and order_id = '${uuid(orders.running)}') and account_id = ${account('processing_cost', { orders } as Facts)}`) },
  { what: 'a balance that was helped along', breaks: 'L2', to: 'payment', names: () => 'fee_revenue', does: unguarded('ledger.balance', 'balance_ro', (facts) => `update ledger.balance set balance = balance + 1 where account_id = ${account('fee_revenue', facts)}`) },
  { what: 'a guard that was taken away', breaks: 'L3', to: 'payment', names: () => 'entry_ro', does: sql(() => 'alter table ledger.entry disable trigger entry_ro') },
  { what: 'an account that has lost entries', breaks: 'L3', to: 'payment', names: () => 'fee_revenue', does: unguarded('ledger.balance', 'balance_ro', (facts) => `update ledger.balance set version = version + 2 where account_id = ${account('fee_revenue', facts)}`) },
  { what: 'a hold released before the pair was delivered', breaks: 'L4', to: 'payment', names: ({ orders }) => orders.running, does: posted('released', ({ orders }) => orders.running, ['held', 'fee_revenue']) },
  { what: 'an order paid that holds nothing', breaks: 'L4', also: ['O1'], to: 'order', names: ({ orders }) => orders.running, does: sql(({ orders }) => `update orders set paid_at = null where id = '${uuid(orders.running)}'`) },
  { what: 'a fee without money', breaks: 'L5', to: 'payment', names: ({ orders }) => uuid(orders.done), does: posted('released', ({ orders }) => orders.done, ['processing_cost', 'fee_revenue']) },
  { what: 'a second charge', breaks: 'L5', to: 'payment', names: ({ orders }) => uuid(orders.done),
    does: sql(({ orders }) => `drop index payment_op_once; insert into payment_op (op_id, order_id, kind, attempt, amount, currency, state, request_hash, resolved_at)
      select gen_random_uuid(), order_id, kind, 9, amount, currency, state, request_hash, resolved_at from payment_op where kind = 'capture' and state = 'succeeded' and order_id = '${uuid(orders.done)}'`) },
  { what: 'a second try while the first is open', breaks: 'L7', to: 'payment', names: ({ orders }) => orders.done,
    does: sql(({ orders }) => `update payment_op set state = 'unknown', resolved_at = null where kind = 'transfer' and order_id = '${uuid(orders.done)}';
      insert into payment_op (op_id, order_id, kind, attempt, amount, currency, state, request_hash, resolved_at)
      select gen_random_uuid(), order_id, kind, 9, amount, currency, 'failed', request_hash, now() from payment_op where kind = 'transfer' and order_id = '${uuid(orders.done)}'`) },
  { what: 'a fee that follows no schedule', breaks: 'L8', to: 'payment', names: ({ orders }) => orders.done, does: sql(({ orders }) => `update payments set seller_lines = jsonb_set(seller_lines, '{1,minor}', '-1') where order_id = '${uuid(orders.done)}'`) },
  { what: 'a schedule of another day', breaks: 'L8', to: 'payment', names: ({ orders }) => orders.done, does: sql(() => `update fee_schedules set buyer_fee_bps = 501`) },
  { what: 'a seller paid and a buyer refunded', breaks: 'L9', to: 'payment', names: ({ orders }) => orders.done, does: sql(({ orders }) => `insert into refunds (id, order_id, reason, borne_by_platform) values (gen_random_uuid(), '${uuid(orders.done)}', 'by hand', false)`) },
  { what: 'a transfer an hour after a change of bank', breaks: 'L9', to: 'payment', names: ({ orders }) => orders.done,
    does: sql(({ orders }) => `update payout_accounts set changed_at = (select effective_at - interval '1 hour' from ledger.txn where kind = 'transferred' and order_id = '${uuid(orders.done)}')`) },
  { what: 'a pair paid for without a verdict', breaks: 'L9', also: ['O4'], to: 'authentication', names: ({ orders }) => orders.done,
    does: append('verdicts', ({ orders }) => `delete from verdicts where inspection_id = (select id from inspections where order_id = '${uuid(orders.done)}')`) },
];

const refusedPair = ({ refunded }: Facts['orders']) => `inspection_id = (select id from inspections where order_id = '${uuid(refunded)}')`;

const orders: Damage[] = [
  { what: 'a match without its order', breaks: 'O1', to: 'order', names: ({ matches }) => `${matches.running} has no order`, does: sql(({ matches }) => `update orders set match_id = gen_random_uuid() where match_id = '${uuid(matches.running)}'`) },
  { what: 'a bust match whose order was delivered', breaks: 'O1', also: ['M15'], to: 'bidding', names: ({ matches }) => matches.done, does: sql(({ matches }) => `update matches set state = 'bust' where id = '${uuid(matches.done)}'`) },
  { what: 'an order at another price than its match', breaks: 'O1', also: ['L8'], to: 'order', names: ({ matches }) => matches.running, does: sql((facts) => `update orders set price_minor = price_minor + 100 where id = '${uuid(facts.orders.running)}'`) },
  { what: 'an entry of the history that was rewritten', breaks: 'O2', to: 'order', names: (facts) => facts.orders.done, does: append('order_events', (facts) => `update order_events set reason = 'another' where version = 3 and order_id = '${uuid(facts.orders.done)}'`) },
  { what: 'an entry of the history that was taken out', breaks: 'O2', to: 'order', names: (facts) => facts.orders.done, does: append('order_events', (facts) => `delete from order_events where version = 3 and order_id = '${uuid(facts.orders.done)}'`) },
  { what: 'a step that the table does not know', breaks: 'O2', to: 'order', names: (facts) => facts.orders.done, does: sql(() => `delete from order_edges where from_status = 'auth_passed'`) },
  { what: 'a status that no event led to', breaks: 'O2', to: 'order', names: (facts) => facts.orders.running, does: append('orders', (facts) => `update orders set status = 'seller_shipping' where id = '${uuid(facts.orders.running)}'`) },
  { what: 'a deadline that nobody kept', breaks: 'O3', to: 'order', names: (facts) => facts.orders.running, does: sql((facts) => `update timers set fired_at = null, due_at = '2026-01-01' where kind = 'ship_by' and order_id = '${uuid(facts.orders.running)}'`) },
  { what: 'a step that fails for hours and that nobody was told of', breaks: 'O3', to: 'order', names: (facts) => facts.orders.running,
    does: sql((facts) => `update saga_steps set state = 'ready', failing_since = now() - interval '3 hours' where kind = 'inbound_label' and order_id = '${uuid(facts.orders.running)}'`) },
  { what: 'a fail that one person found', breaks: 'O4', to: 'authentication', names: (facts) => facts.orders.refunded, does: append('opinions', (facts) => `delete from opinions where voice = 'second' and ${refusedPair(facts.orders)}`) },
  { what: 'a verdict by the buyer', breaks: 'O4', to: 'authentication', names: (facts) => `${facts.orders.refunded} was judged by one who traded`,
    does: append('opinions', (facts) => `update opinions o set given_by = i.buyer_id from inspections i where i.id = o.inspection_id and o.voice = 'second' and ${refusedPair(facts.orders)}`) },
  { what: 'a verdict by somebody who never was an authenticator', breaks: 'O4', to: 'user', names: (facts) => `${facts.orders.done} was judged by one who is no`,
    does: append('admin_actions', () => `delete from admin_actions; update users set roles = '{buyer}'`) },
  { what: 'a pair kept for an order that came to nothing', breaks: 'O5', to: 'product', names: (facts) => facts.orders.refunded, does: sql((facts) => `update reservations set released_at = null where order_id = '${uuid(facts.orders.refunded)}'`) },
  { what: 'an end that nobody was told of', breaks: 'O5', also: ['E1'], to: 'order', names: (facts) => facts.orders.bust, does: sql((facts) => `delete from outbox where events like '%"order.cancelled"%${facts.orders.bust}%' or events like '%${facts.orders.bust}%"order.cancelled"%'`) },
];

const aCursor = `(consumer, topic, key) = (select consumer, topic, key from inbox_cursor where last_kseq > 0 order by topic, key limit 1)`;
const park = (kseq: string) => `insert into parked (consumer, topic, key, kseq, event, status) select consumer, topic, key, ${kseq}, '', 'poison' from inbox_cursor where ${aCursor}`;

const events: Damage[] = [
  { what: 'an event that was counted and not written', breaks: 'E1', to: 'payment', names: () => 'counted', does: sql(() => 'delete from outbox where pos = (select max(pos) from outbox)') },
  { what: 'an event of the books with another number', breaks: 'E1', to: 'bidding', names: ({ market }) => market, does: journal((line, { bestBid }) => line[4].quote?.id === bestBid && Object.assign(line, { 2: 900 })) },
  { what: 'an event that never reached the bus', breaks: 'E2', to: 'bus', names: ({ market }) => `matches.created ${market}`, does: sql(({ market }) => `delete from bus_log where topic = 'matches.created' and lines like '%${market}%'`) },
  { what: 'an event that a person has to look at', breaks: 'E3', to: 'order', names: () => 'order is at', does: sql(() => `update inbox_cursor set last_kseq = last_kseq - 1 where ${aCursor}; ${park('last_kseq + 1')}`) },
  { what: 'a consumer ahead of its producer', breaks: 'E3', also: ['E4'], to: 'order', names: () => 'which ends at', does: sql(() => `update inbox_cursor set last_kseq = last_kseq + 1 where ${aCursor}`) },
  { what: 'an event that a consumer has passed over', breaks: 'E4', also: ['E3'], to: 'order', names: () => 'are on their way', does: sql(() => `update inbox_cursor set last_kseq = last_kseq - 1 where ${aCursor}`) },
  { what: 'an event that is applied and parked', breaks: 'E4', to: 'order', names: () => '1 parked', does: sql(() => park('last_kseq')) },
];

const kept: Damage[] = [
  { what: 'a message planned twice', breaks: 'E5', to: 'notification', names: () => 'twice by',
    does: sql(() => `alter table messages drop constraint messages_source_kind_user_id_channel_key;
      insert into messages (id, source, kind, channel, user_id, state, is_critical, facts, needs_item, planned_at, ended_at)
      select gen_random_uuid(), source, kind, channel, user_id, state, is_critical, facts, needs_item, planned_at, ended_at from messages where state = 'sent' limit 1`) },
  { what: 'two messages that are one of the provider\'s', breaks: 'E5', to: 'notification', names: () => 'is more than one of ours', does: sql(() => `update messages set provider_id = 'one' where id in (select id from messages where state = 'sent' and channel = 'email' limit 2)`) },
  { what: 'an ask that search has lost', breaks: 'R3', to: 'search', names: ({ secondAsk }) => `open ask ${uuid(secondAsk)} is unknown in search`, does: sql(({ secondAsk }) => `update asks set is_open = false where id = '${uuid(secondAsk)}'`) },
  { what: 'a sale that is found at another price', breaks: 'R3', to: 'search', names: ({ matches }) => `sale ${uuid(matches.done)}`, does: sql(({ matches }) => `update sales set price_minor = price_minor + 1 where match_id = '${uuid(matches.done)}'`) },
  { what: 'a product that nobody finds', breaks: 'R3', to: 'search', names: () => 'listed product', does: sql(() => 'delete from documents where product_id = (select product_id from documents limit 1)') },
  { what: 'an ask that no statistic knows', breaks: 'R3', to: 'analytics', names: ({ secondAsk }) => `open ask ${uuid(secondAsk)} is unknown in analytics`, does: sql(({ secondAsk }) => `delete from asks where ask_id = '${uuid(secondAsk)}'`) },
  { what: 'a quote that is gone and would be warned of', breaks: 'R3', to: 'notification', names: ({ cancelledBid }) => `open quote ${uuid(cancelledBid)}`, does: sql(({ cancelledBid }) => `update quotes set is_active = true where id = '${uuid(cancelledBid)}'`) },
];

export const damages: readonly Damage[] = [...matching, ...money, ...orders, ...events, ...kept];
