import type { Ids } from '@libs/kernel/ids';
import type { Traceparents } from '../../application/ports';
import type { BustEvent, MarketEvent, MatchEvent } from '../../domain/events';
import type { QuoteFacts } from '../../domain/quote';

/** Four characters count to a million, and leave 59 random bits. */
const COUNTED = 4;

/** JavaScript's digits of base 32 run on where Crockford's leave letters out. */
const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';
const crockford = (digit: string): string => CROCKFORD[parseInt(digit, 32)] ?? digit;

/**
 * The events of a batch as lines of its outbox row, in ProtoJSON. Written by hand, since this is the hot path; a test reads every kind
 * back through the contracts. Ids, currencies and enumerated words need no escaping; sizes and reasons do.
 */
export class EventLines {
  private readonly times = new Map<number, string>();

  constructor(private readonly ids: Ids) {}

  format(events: readonly MarketEvent[], at: number, traceparents: Traceparents): string {
    this.times.clear(); // Within a batch most times are one of a few.
    const now = this.time(at);
    const tail = (traceparent: string | undefined) => `,"at":"${now}"${traceparent === undefined ? '' : `,"traceparent":${JSON.stringify(traceparent)}`}}]`;
    // One id is drawn for the batch; its last characters count the events, so that each has its own.
    const stem = events.length === 0 ? '' : this.ids.next('evt').slice(0, -COUNTED);
    return events.map((event, i) => `${this.line(event)},{"id":"${stem}${i.toString(32).padStart(COUNTED, '0').replace(/[i-v]/g, crockford)}"${tail(traceparents[i])}`).join('\n');
  }

  private line(event: MarketEvent): string {
    const { marketId, seq, kseq } = event;
    const common = `"marketId":"${marketId}","marketSeq":"${seq}"`;
    switch (event.type) {
      case 'matched':
        return `["matches.created","${marketId}",${kseq},"match.created",{${common},${this.match(event)}}`;
      case 'busted':
        return `["matches.created","${marketId}",${kseq},"trade.busted",{${common},${this.bust(event)}}`;
      case 'halted':
      case 'resumed':
        return `["markets","${marketId}",${kseq},"market.${event.type}",{${common},"reason":${JSON.stringify(event.reason)}}`;
      default:
        return `["markets","${marketId}",${kseq},"${event.quote.side}.${event.type}",{${common},"quote":${this.quote(event.quote, event.currency)}}`;
    }
  }

  private match(event: MatchEvent): string {
    const { bid, ask, incoming } = event;
    return `"matchId":"${event.matchId}","productId":"${event.productId}","size":${JSON.stringify(event.size)},` +
      `"bidId":"${bid.id}","askId":"${ask.id}","buyerId":"${bid.userId}","sellerId":"${ask.userId}",` +
      `"price":{"currency":"${event.currency}","minor":"${event.price}"},"matchedAt":"${this.time(event.at)}",` +
      `"incoming":${this.quote(incoming, event.currency, event.matchId)},` +
      `"bidAcceptedAt":"${this.time(bid.acceptedAt)}","askAcceptedAt":"${this.time(ask.acceptedAt)}",` +
      `"paymentMethodId":"${bid.paymentMethodId ?? ''}","buyerAddressVersionId":"${bid.addressVersionId}","sellerAddressVersionId":"${ask.addressVersionId}"`;
  }

  private bust(event: BustEvent): string {
    const rematch = (quote: QuoteFacts) => (quote.status === 'matched' ? (event.rematchId ?? undefined) : undefined);
    return `"matchId":"${event.matchId}","reason":"${event.reason}",` +
      `"bid":${this.quote(event.bid, event.currency, rematch(event.bid))},"ask":${this.quote(event.ask, event.currency, rematch(event.ask))}`;
  }

  private quote(quote: QuoteFacts, currency: string, matchId?: string): string {
    return `{"id":"${quote.id}","marketId":"${quote.marketId}","side":"${quote.side}","price":{"currency":"${currency}","minor":"${quote.price}"},` +
      `"status":"${quote.status}"${quote.reason === null ? '' : `,"reason":"${quote.reason}"`},` +
      `"expiresAt":"${this.time(quote.expiresAt)}","placedAt":"${this.time(quote.placedAt)}","userId":"${quote.userId}","priority":"${quote.prio}",` +
      `${quote.paymentMethodId === null ? '' : `"paymentMethodId":"${quote.paymentMethodId}",`}"addressVersionId":"${quote.addressVersionId}"` +
      `${quote.immediate ? ',"immediate":true' : ''}${matchId === undefined ? '' : `,"matchId":"${matchId}"`}}`;
  }

  private time(ms: number): string {
    let text = this.times.get(ms);
    if (text === undefined) this.times.set(ms, (text = new Date(ms).toISOString()));
    return text;
  }
}
