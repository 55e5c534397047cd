import { z } from 'zod';
import type { Box } from '../../application/box';
import type { RefusingMode, SentMessage } from '../../domain/keeping';
import { takeMessage } from '../../domain/messages';
import { json, OutsideApi, type Claim, type Handling, type Incoming, type Outgoing } from './exchange';

const address = z.object({ email: z.email('Does not contain a valid address.'), name: z.string().optional() });
const args = z.record(z.string(), z.string()).optional();
const sending = z.object({
  personalizations: z.array(z.object({ to: z.array(address).min(1), custom_args: args, subject: z.string().optional() })).length(1),
  from: address,
  subject: z.string().min(1),
  content: z.array(z.object({ type: z.enum(['text/plain', 'text/html']), value: z.string().min(1) })).min(1),
  headers: z.record(z.string(), z.string()).optional(),
  custom_args: args,
});
const REFERENCE = /^\(?unique_args\['\w+'\]="([^"]{1,200})"\)?$/;

/** The provider of mail, as its v3 API is: sending has no idempotency key, and what was sent is found by the sender's own arguments. */
export class MailApi extends OutsideApi {
  constructor(private readonly box: Box) {
    super();
  }

  override claim(): Claim {
    return { release: () => undefined };
  }

  override fault(mode: RefusingMode): Outgoing {
    if (mode === 'rate_limit_429') return refuse(429, 'too many requests');
    return mode === 'unavailable_503' ? refuse(503, 'Service unavailable') : refuse(409, 'conflict');
  }

  override handle(call: Incoming, { isSpoilt }: Handling): Outgoing {
    if (!/^Bearer SG\.\S+$/.test(call.headers.authorization ?? '')) return refuse(401, 'The provided authorization grant is invalid, expired, or revoked');
    const answer = this.route(call);
    return isSpoilt ? refuse(500, 'An internal server error occurred') : answer;
  }

  private route(call: Incoming): Outgoing {
    switch (`${call.method} ${call.path}`) {
      case 'POST /v3/mail/send':
        return this.send(call);
      case 'GET /v3/messages':
        return this.find(new URLSearchParams(call.query).get('query') ?? '');
      default:
        return refuse(404, 'not found');
    }
  }

  private send(call: Incoming): Outgoing {
    const parsed = sending.safeParse(parse(call.body));
    if (!parsed.success) return json(400, { errors: parsed.error.issues.map(({ path, message }) => ({ message, field: path.join('.'), help: null })) });
    const { personalizations: [personal], from, subject, content, headers = {}, custom_args: outer } = parsed.data;
    const body = (type: string) => content.find((part) => part.type === type)?.value;
    const reference = Object.values({ ...outer, ...personal?.custom_args })[0] ?? null;
    const { id } = this.box.run({ requestId: call.id }, (unit) => takeMessage(unit, {
      id: unit.id('msg').slice(4), channel: 'email', reference, from: from.email, to: personal?.to[0]?.email ?? '', subject: personal?.subject ?? subject,
      html: body('text/html') ?? null, text: body('text/plain') ?? '', headers,
    }));
    return { status: 202, body: '', headers: { 'x-message-id': id } };
  }

  private find(query: string): Outgoing {
    const reference = REFERENCE.exec(query)?.[1];
    if (reference === undefined) return refuse(400, 'The query is not understood.');
    return json(200, { messages: this.box.world.where('messages', 'reference', reference).map(shown) });
  }
}

function shown({ id, from, to, subject, sentAt }: SentMessage): Readonly<Record<string, unknown>> {
  return { msg_id: id, from_email: from, to_email: to, subject, status: 'delivered', opens_count: 0, clicks_count: 0, last_event_time: sentAt };
}

function refuse(status: number, message: string): Outgoing {
  return json(status, { errors: [{ message, field: null, help: null }] });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
