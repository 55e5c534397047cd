import type { Box } from '../../application/box';
import type { RefusingMode, SentMessage } from '../../domain/keeping';
import { takeMessage } from '../../domain/messages';
import { json, OutsideApi, type Claim, type Handling, type Incoming, type Outgoing } from './exchange';

const MESSAGES = /^\/2010-04-01\/Accounts\/(AC[0-9a-f]{32})\/Messages\.json$/;
const NUMBER = /^\+[1-9]\d{6,14}$/;
/** The provider's own number for tests that no message can be sent to. */
const UNREACHABLE = '+15005550001';
const BODY_MAX = 1_600;
const PAGE_MAX = 1_000;

/** The provider of text messages, as its API of 2010-04-01 is: no idempotency key, and a list to look what was sent. */
export class TextApi extends OutsideApi {
  constructor(private readonly box: Box) {
    super();
  }

  override claim(): Claim {
    return { release: () => undefined };
  }

  override fault(mode: RefusingMode): Outgoing {
    if (mode === 'rate_limit_429') return refuse(429, 20_429, 'Too Many Requests');
    return mode === 'unavailable_503' ? refuse(503, 20_503, 'Service unavailable') : refuse(409, 20_409, 'Conflict');
  }

  override handle(call: Incoming, { isSpoilt }: Handling): Outgoing {
    const account = MESSAGES.exec(call.path)?.[1];
    if (account === undefined) return refuse(404, 20_404, 'The requested resource was not found');
    if (!(call.headers.authorization ?? '').startsWith('Basic ')) return refuse(401, 20_003, 'Authenticate');
    const answer = call.method === 'POST' ? this.send(call, account) : this.list(call, account);
    return isSpoilt ? refuse(500, 20_500, 'Internal Server Error') : answer;
  }

  private send(call: Incoming, account: string): Outgoing {
    const form = new URLSearchParams(call.body);
    const [to, from, text] = [form.get('To') ?? '', form.get('From') ?? '', form.get('Body') ?? ''];
    if (!NUMBER.test(to) || to === UNREACHABLE) return refuse(400, 21_211, `Invalid 'To' Phone Number: ${to}`);
    if (from === '') return refuse(400, 21_603, 'A \'From\' phone number is required to send a message');
    if (text === '') return refuse(400, 21_602, 'Message body is required');
    if (text.length > BODY_MAX) return refuse(400, 21_617, `The message body exceeds the ${BODY_MAX} character limit`);
    const taken = this.box.run({ requestId: call.id }, (unit) => takeMessage(unit, {
      id: `SM${call.id.replace('req_', '').toLowerCase()}`, channel: 'sms', reference: null, from, to, subject: null, html: null, text, headers: {},
    }));
    return json(201, shown(taken, account));
  }

  /** The newest first, as the provider lists them. */
  private list(call: Incoming, account: string): Outgoing {
    const query = new URLSearchParams(call.query);
    const [to, from, after] = [query.get('To'), query.get('From'), query.get('DateSent>')];
    const limit = Math.min(Number(query.get('PageSize') ?? 50), PAGE_MAX);
    const rows = (to === null ? this.box.world.all('messages') : this.box.world.where('messages', 'to', to))
      .filter((one) => one.channel === 'sms' && (from === null || one.from === from) && (after === null || Date.parse(one.sentAt) >= Date.parse(after)))
      .reverse().slice(0, limit);
    return json(200, { messages: rows.map((row) => shown(row, account)), page: 0, page_size: limit, start: 0, end: rows.length, uri: call.path, first_page_uri: call.path, next_page_uri: null, previous_page_uri: null });
  }
}

function shown({ id, from, to, text, sentAt }: SentMessage, account: string): Readonly<Record<string, unknown>> {
  const at = new Date(sentAt).toUTCString();
  return {
    sid: id, account_sid: account, to, from, body: text, status: 'delivered', direction: 'outbound-api', num_segments: '1', num_media: '0', price: null, price_unit: 'USD',
    error_code: null, error_message: null, messaging_service_sid: null, api_version: '2010-04-01', date_created: at, date_sent: at, date_updated: at,
    uri: `/2010-04-01/Accounts/${account}/Messages/${id}.json`, subresource_uris: {},
  };
}

function refuse(status: number, code: number, message: string): Outgoing {
  return json(status, { status, code, message, more_info: `https://www.twilio.com/docs/errors/${code}` });
}
