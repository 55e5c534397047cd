import { Injectable } from '@nestjs/common';
import { AppError } from '@libs/kernel/app-error';
import { typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { BookImage, BookLevels } from '../../application/books';
import { type MatchRecord, type OpenAsk, type MarketFacts, type QuotePage, type QuoteQuery, Records } from '../../application/ports';
import { emptyHash, toggle } from '../../domain/book-hash';
import { type Match, type MatchState, quoteOf } from '../../domain/quote';
import type { Side } from '../../domain/side';
import { PublicIds } from './public-ids';
import { QUOTE_COLUMNS, type QuoteRow, quoteFactsOf } from './quote-row';

const LEVELS = `
  select q.side, q.price, count(*)::int as quotes from quotes q
   where q.market_id = $1 and q.status = 'active' group by q.side, q.price`;

const MINE = `
  select ${QUOTE_COLUMNS}, m.currency, m.seq, (select x.id from matches x where x.state <> 'bust' and case q.side when 'bid' then x.bid_id else x.ask_id end = q.id) as match_id
    from quotes q join markets m on m.id = q.market_id
   where q.user_id = $1 and q.side = $2 and ($3::text is null or q.status = $3) and ($4::uuid is null or q.market_id = $4)
     and ($5::uuid is null or q.id = $5) and ($6::uuid is null or q.id < $6)
   order by q.id desc limit $7`;

/** One snapshot: the sequence and the levels belong together. */
const BOOK = `
  select m.seq, m.state, m.retired, s.epoch, coalesce((select json_agg(l) from (${LEVELS}) l), '[]') as levels
    from markets m join shards s on s.id = m.shard where m.id = $1`;

const IMAGES = `
  select m.id, m.seq, m.state, m.retired, s.epoch,
         (select coalesce(json_agg(json_build_array(q.side, q.price, q.prio, q.id)), '[]') from quotes q where q.market_id = m.id and q.status = 'active') as members
    from markets m join shards s on s.id = m.shard where m.id = any ($1::uuid[])`;

const OPEN_ASKS = `
  select q.id, q.market_id, q.price, m.currency, q.expires_at, m.seq from quotes q join markets m on m.id = q.market_id
   where q.side = 'ask' and q.status = 'active' and ($1::uuid is null or q.id > $1) order by q.id limit $2`;

const FACTS = `
  select m.id, m.seq,
         (select coalesce(json_agg(json_build_array(q.id, q.price)), '[]') from quotes q where q.market_id = m.id and q.side = 'ask' and q.status = 'active') as asks,
         (select coalesce(json_agg(x.id), '[]') from matches x where x.market_id = m.id and x.state = 'bust') as busted
    from markets m where $1::uuid is null or m.id > $1 order by m.id limit $2`;

@Injectable()
export class PostgresRecords extends Records {
  constructor(private readonly sql: Sql) {
    super();
  }

  async quotes({ userId, side, status, marketId, quoteId, limit, cursor }: QuoteQuery): Promise<QuotePage> {
    const own = uuidOf('usr', userId);
    const [market, quote, before] = [optional('mkt', marketId), optional(side, quoteId), optional(side, cursor)];
    if (own === undefined || market === undefined || quote === undefined) return { quotes: [], nextCursor: '' };
    if (before === undefined) throw new AppError('invalid', 'bidding.cursor_malformed', 'This cursor is not one of ours.', { field: 'cursor' });
    const ids = new PublicIds();
    const rows = await this.sql.query<QuoteRow & { match_id: string | null; currency: string; seq: number }>(MINE, [own, side, status === '' ? null : status, market, quote, before, limit + 1]);
    const quotes = rows.slice(0, limit).map((row) => ({
      ...quoteFactsOf(row, ids), currency: row.currency, seq: Number(row.seq), matchId: row.match_id === null ? null : ids.once('mtc', row.match_id),
    }));
    return { quotes, nextCursor: rows.length > limit ? (quotes.at(-1)?.id ?? '') : '' };
  }

  async quoteStatus(quoteId: string, side: Side, userId: string): Promise<string | undefined> {
    const [quote, user] = [uuidOf(side, quoteId), uuidOf('usr', userId)];
    if (quote === undefined || user === undefined) return undefined;
    const [row] = await this.sql.query<{ status: string }>('select status from quotes where id = $1 and user_id = $2 and side = $3', [quote, user, side]);
    return row?.status;
  }

  async match(matchId: string): Promise<Match | undefined> {
    const uuid = uuidOf('mtc', matchId);
    if (uuid === undefined) return undefined;
    const [row] = await this.sql.query<{ market_id: string; seq: number; price: number; state: MatchState; matched_ms: number; bid_id: string; ask_id: string }>(
      `select market_id, seq, price, state, (extract(epoch from matched_at) * 1000)::bigint as matched_ms, bid_id, ask_id from matches where id = $1`, [uuid]);
    if (!row) return undefined;
    const ids = new PublicIds();
    const quotes = await this.sql.query<QuoteRow>(`select ${QUOTE_COLUMNS} from quotes q where q.id = any ($1::uuid[])`, [[row.bid_id, row.ask_id]]);
    const [bid, ask] = (['bid', 'ask'] as const).map((side) => quotes.find((quote) => quote.side === side));
    if (!bid || !ask) return undefined;
    return {
      id: matchId, marketId: ids.shared('mkt', row.market_id), seq: Number(row.seq), price: Number(row.price), matchedAt: Number(row.matched_ms),
      state: row.state, bid: quoteOf(quoteFactsOf(bid, ids)), ask: quoteOf(quoteFactsOf(ask, ids)),
    };
  }

  async book(marketId: string, depth: number): Promise<BookLevels | undefined> {
    const uuid = uuidOf('mkt', marketId);
    if (uuid === undefined) return undefined;
    const [row] = await this.sql.query<{ seq: number; state: 'open' | 'halted'; retired: boolean; epoch: number; levels: { side: Side; price: number; quotes: number }[] }>(BOOK, [uuid]);
    if (!row) return undefined;
    const side = (which: Side, sign: number) =>
      row.levels.filter((level) => level.side === which).sort((a, b) => sign * (a.price - b.price)).slice(0, depth).map(({ price, quotes }) => ({ price, quotes }));
    return { seq: Number(row.seq), epoch: Number(row.epoch), state: row.retired ? 'retired' : row.state, bids: side('bid', -1), asks: side('ask', 1) };
  }

  async marketFacts(after: string, limit: number): Promise<MarketFacts[]> {
    const from = after === '' ? null : uuidOfOwn('mkt', after);
    const rows = await this.sql.query<{ id: string; seq: number; asks: [string, number][]; busted: string[] }>(FACTS, [from, limit]);
    return rows.map(({ id, seq, asks, busted }) => ({
      marketId: typeId('mkt', id), seq,
      asks: asks.map(([ask, price]) => ({ askId: typeId('ask', ask), price })),
      bustedMatchIds: busted.map((match) => typeId('mtc', match)),
    }));
  }

  async images(marketIds: readonly string[]): Promise<BookImage[]> {
    const rows = await this.sql.query<{ id: string; seq: number; state: 'open' | 'halted'; retired: boolean; epoch: number; members: [Side, number, number, string][] }>(IMAGES, [marketIds.map((id) => uuidOfOwn('mkt', id))]);
    return rows.map((row) => {
      const hash = emptyHash();
      const members = row.members.map(([side, price, prio, id]) => ({ side, price, prio, id: typeId(side, id) }));
      for (const member of members) toggle(hash, member);
      return { marketId: typeId('mkt', row.id), epoch: Number(row.epoch), seq: Number(row.seq), state: row.retired ? 'retired' : row.state, ...hash, members };
    });
  }

  async matches(after: string, limit: number): Promise<MatchRecord[]> {
    const rows = await this.sql.query<{ id: string; market_id: string; seq: number; state: MatchState }>(
      'select id, market_id, seq, state from matches where $1::uuid is null or id > $1 order by id limit $2', [after === '' ? null : uuidOfOwn('mtc', after), limit]);
    return rows.map((row) => ({ matchId: typeId('mtc', row.id), marketId: typeId('mkt', row.market_id), marketSeq: row.seq, state: row.state }));
  }

  async openAsks(after: string, limit: number): Promise<OpenAsk[]> {
    const rows = await this.sql.query<{ id: string; market_id: string; price: number; currency: string; expires_at: Date; seq: number }>(OPEN_ASKS, [after === '' ? null : uuidOfOwn('ask', after), limit]);
    return rows.map((row) => ({ askId: typeId('ask', row.id), marketId: typeId('mkt', row.market_id), price: row.price, currency: row.currency, expiresAt: row.expires_at, marketSeq: row.seq }));
  }
}

/** Null where nothing was asked for; undefined where what was asked for is no id of its kind. */
function optional(prefix: 'mkt' | Side, id: string): string | null | undefined {
  return id === '' ? null : uuidOf(prefix, id);
}
