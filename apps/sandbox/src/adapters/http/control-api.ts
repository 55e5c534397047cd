import { z } from 'zod';
import type { Box } from '../../application/box';
import { dueBy } from '../../domain/dues';
import { faultsOf } from '../../domain/faults';
import { faultModes, type FaultMode } from '../../domain/keeping';
import { messagesFor } from '../../domain/messages';
import { json, type Incoming, type Outgoing } from './exchange';
import type { Gate } from './gate';

const MAX_LEAP_MS = 10 * 366 * 86_400_000;
const advance = z.strictObject({ ms: z.number().int().min(0).max(MAX_LEAP_MS) });
const newFault = z.strictObject({
  path: z.string().startsWith('/'),
  method: z.enum(['GET', 'POST', 'DELETE']).optional(),
  mode: z.enum(faultModes),
  times: z.number().int().min(1).max(1_000_000).default(1),
  afterCalls: z.number().int().min(0).max(1_000_000).default(0),
  delayMs: z.number().int().min(0).max(MAX_LEAP_MS).optional(),
  percent: z.number().int().min(1).max(100).optional(),
});

/** How long a mode lasts when nobody says: silence until the caller gives up, a slow answer, webhooks three days late (business time). */
const usualDelayMs: Readonly<Record<FaultMode, number>> = {
  timeout_before: 120_000, timeout_after_apply: 120_000, slow: 1_000, late_webhooks: 3 * 86_400_000, error_500_after_apply: 0, conflict_409: 0, rate_limit_429: 0,
  unavailable_503: 0, duplicate_webhooks: 0,
};

/** What only tests and operators use: the clock, the faults, and what the box has seen and still has to do. */
export class ControlApi {
  constructor(
    private readonly box: Box,
    private readonly gate: Gate,
    private readonly undelivered: () => number,
  ) {}

  async handle(call: Incoming): Promise<Outgoing> {
    switch (`${call.method} ${call.path}`) {
      case 'GET /health':
        return json(200, { status: 'ok' });
      case 'GET /clock':
        return this.clock();
      case 'POST /clock/advance':
        return this.advance(call);
      case 'GET /control/activity':
        return this.activity();
      case 'GET /control/due':
        return json(200, { due: this.due() });
      case 'GET /control/requests':
        return this.requests(call);
      case 'GET /control/outbox':
        return json(200, { messages: messagesFor(this.box.world, new URLSearchParams(call.query)) });
      case 'GET /control/faults':
        return json(200, { faults: faultsOf(this.box.world) });
      case 'POST /control/faults':
        return this.addFault(call);
      case 'DELETE /control/faults':
        return this.clearFaults();
      default:
        return json(404, { error: { code: 'not_found', message: `No ${call.method} ${call.path}.` } });
    }
  }

  private clock(): Outgoing {
    return json(200, { offsetMs: this.box.offsetMs, now: new Date(this.box.nowMs).toISOString() });
  }

  private async advance(call: Incoming): Promise<Outgoing> {
    const parsed = parse(advance, call);
    if ('status' in parsed) return parsed;
    await this.box.advance(parsed.data.ms, this.gate.strikeClock());
    return this.clock();
  }

  private activity(): Outgoing {
    const webhooks = this.undelivered();
    const due = dueBy(this.box.world, this.box.nowMs).length;
    return json(200, { pending: webhooks + due, webhooks, due });
  }

  private due(): unknown[] {
    return this.box.world.all('dues').sort((a, b) => a.atMs - b.atMs).map(({ atMs, what, subject, kind }) => ({ at: new Date(atMs).toISOString(), what, subject, ...(kind && { kind }) }));
  }

  private requests(call: Incoming): Outgoing {
    const query = new URLSearchParams(call.query);
    const [path, method] = [query.get('path'), query.get('method')];
    const requests = this.box.world.all('requests').filter((one) => (path === null || one.path.startsWith(path)) && (method === null || one.method === method));
    return json(200, { requests });
  }

  private async addFault(call: Incoming): Promise<Outgoing> {
    const parsed = parse(newFault, call);
    if ('status' in parsed) return parsed;
    const { path, method, mode, times, afterCalls, delayMs, percent } = parsed.data;
    const fault = this.box.run({}, (unit) => unit.put('faults', {
      id: unit.id('flt'), path, method: method ?? null, mode, callsToSkip: afterCalls, callsLeft: times, delayMs: delayMs ?? usualDelayMs[mode],
      ...(percent !== undefined && { percent, seen: 0 }),
    }));
    await this.box.durable();
    return json(201, fault);
  }

  private async clearFaults(): Promise<Outgoing> {
    this.box.run({}, (unit) => faultsOf(unit.world).forEach((fault) => unit.remove('faults', fault.id)));
    await this.box.durable();
    return json(200, { faults: [] });
  }
}

function parse<S extends z.ZodType>(schema: S, call: Incoming): { data: z.output<S> } | Outgoing {
  let body: unknown;
  try {
    body = JSON.parse(call.body);
  } catch {
    return json(400, { error: { code: 'invalid_json', message: 'The body is not JSON.' } });
  }
  const result = schema.safeParse(body);
  if (result.success) return { data: result.data };
  return json(400, { error: { code: 'invalid_request', message: z.prettifyError(result.error) } });
}
