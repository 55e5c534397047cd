import { eventOf, isEventName, parseLine } from '@libs/events/event-line';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { Quote as QuoteMessage } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { invariant } from '@libs/kernel/invariant';
import { typeId } from '@libs/kernel/ids';
import type { Sql } from '@libs/postgres/sql';
import type { MarketTerms } from '../../domain/market';
import type { CancelReason, QuoteFacts, QuoteStatus } from '../../domain/quote';
import type { Side } from '../../domain/side';
import type { JournalEvent } from '../../domain/replay';
import { MARKET_COLUMNS, type MarketRow, marketOf } from './market-row';

const ROWS_AT_ONCE = 500;

/** The outbox, read from its beginning: bidding keeps it for ever, since it is the journal of every book. */
export class Journal {
  constructor(private readonly sql: Sql) {}

  async markets(): Promise<{ terms: MarketTerms; seq: number }[]> {
    const rows = await this.sql.query<MarketRow>(`select ${MARKET_COLUMNS} from markets m`);
    return rows.map((row) => ({ terms: marketOf(row).terms, seq: Number(row.seq) }));
  }

  /** Each market's steps, in the order of their numbers: after a take-over rows of two owners may stand side by side. */
  async *events(): AsyncGenerator<readonly { marketId: string; event: JournalEvent }[]> {
    for (let after = 0; ; ) {
      const rows = await this.sql.query<{ pos: number; events: string }>(`select pos, events from outbox where pos > $1 order by pos limit ${ROWS_AT_ONCE}`, [after]);
      if (rows.length === 0) return;
      after = rows[rows.length - 1]?.pos ?? after;
      yield rows.flatMap((row) => row.events.split('\n').map(journalEvent));
    }
  }

  /** The open quotes that the table has now. */
  async resting(): Promise<Map<string, { id: string; side: Side; price: number; prio: number }[]>> {
    const rows = await this.sql.query<{ id: string; market_id: string; side: Side; price: number; prio: number }>(`select id, market_id, side, price, prio from quotes where status = 'active'`);
    const byMarket = new Map<string, { id: string; side: Side; price: number; prio: number }[]>();
    for (const { id, market_id, side, price, prio } of rows) {
      const marketId = typeId('mkt', market_id);
      const list = byMarket.get(marketId) ?? [];
      list.push({ id: typeId(side, id), side, price: Number(price), prio: Number(prio) });
      byMarket.set(marketId, list);
    }
    return byMarket;
  }
}

function journalEvent(line: string): { marketId: string; event: JournalEvent } {
  const { key: marketId, type, payload, headers } = parseLine(line);
  invariant(isEventName(type), `${type} is no event`);
  const at = Date.parse(headers.at);
  const [, word = ''] = type.split('.');
  switch (type) {
    case 'match.created': {
      const { marketSeq, matchId, bidId, askId, price, incoming } = eventOf(type, payload);
      return { marketId, event: { type: 'matched', seq: Number(marketSeq), at, matchId, bidId, askId, price: Number(price?.minor), incoming: factsOf(incoming) } };
    }
    case 'trade.busted': {
      const { marketSeq, bid, ask } = eventOf(type, payload);
      return { marketId, event: { type: 'busted', seq: Number(marketSeq), at, bid: factsOf(bid), ask: factsOf(ask) } };
    }
    case 'market.halted':
    case 'market.resumed':
      return { marketId, event: { type: type === 'market.halted' ? 'halted' : 'resumed', seq: Number(eventOf(type, payload).marketSeq), at } };
    default: {
      const { marketSeq, quote } = eventOf(type as 'bid.placed', payload); // All that are left have this form.
      return { marketId, event: { type: word as 'placed', seq: Number(marketSeq), at, quote: factsOf(quote) } };
    }
  }
}

function factsOf(quote: QuoteMessage | undefined): QuoteFacts {
  invariant(quote?.price && quote.expiresAt && quote.placedAt, 'a quote of the journal is not whole');
  const placedAt = timestampMs(quote.placedAt);
  return {
    id: quote.id, marketId: quote.marketId, side: quote.side as Side, userId: quote.userId, price: Number(quote.price.minor), prio: Number(quote.priority),
    status: quote.status as QuoteStatus, reason: quote.reason === '' ? null : (quote.reason as CancelReason), expiresAt: timestampMs(quote.expiresAt), placedAt, acceptedAt: placedAt,
    paymentMethodId: quote.paymentMethodId === '' ? null : quote.paymentMethodId, addressVersionId: quote.addressVersionId, immediate: quote.immediate, version: Number(quote.version),
  };
}
