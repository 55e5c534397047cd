import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Box } from '../../application/box';
import { createLabel, scan, shipmentOf, CarrierRefusal } from '../../domain/shipments';
import type { RefusingMode, Shipment } from '../../domain/keeping';
import type { Unit } from '../../domain/unit';
import { OutsideApi, json, type Claim, type Handling, type Incoming, type Outgoing } from './exchange';

const CARRIER = 'Sandbox Express';
const MAX_TEXT = 500;
const place = z.record(z.string(), z.unknown());
const label = z.strictObject({ reference: z.string().min(1).max(MAX_TEXT), leg: z.string().min(1).max(MAX_TEXT), to: place, from: place });
const scanning = z.strictObject({ kind: z.enum(['accepted', 'in_transit', 'delivered', 'lost']) });
const endpoint = z.strictObject({ url: z.url({ protocol: /^https?$/ }) });

/**
 * The carrier. Its idempotency keys are kinder than the card provider's: only what went well is kept for a key, so that the same key
 * may be tried again after any failure.
 */
export class CarrierApi extends OutsideApi {
  private readonly inFlight = new Set<string>();

  constructor(private readonly box: Box) {
    super();
  }

  override claim(call: Incoming): Claim | Outgoing {
    const key = call.method === 'POST' ? call.headers['idempotency-key'] : undefined;
    if (key === undefined) return { release: () => undefined };
    if (this.inFlight.has(key)) return this.fault('conflict_409');
    this.inFlight.add(key);
    return { release: () => this.inFlight.delete(key) };
  }

  override fault(mode: RefusingMode): Outgoing {
    if (mode === 'unavailable_503') return refuse(503, 'unavailable', 'The carrier is not available at the moment.');
    return mode === 'conflict_409'
      ? refuse(409, 'key_in_use', 'Another request with this idempotency key is still going on.')
      : refuse(429, 'rate_limited', 'Too many requests.');
  }

  override handle(call: Incoming, { webhooks, isSpoilt }: Handling): Outgoing {
    try {
      const answer = this.box.run({ webhooks, requestId: call.id }, (unit) => this.once(unit, call, () => this.route(unit, call)));
      return isSpoilt ? refuse(500, 'internal_error', 'Something went wrong.') : answer;
    } catch (error) {
      if (error instanceof CarrierRefusal) return refuse(error.status, error.code, error.message);
      throw error;
    }
  }

  private once(unit: Unit, call: Incoming, work: () => Outgoing): Outgoing {
    const key = call.method === 'POST' ? call.headers['idempotency-key'] : undefined;
    if (key === undefined) return work();
    const id = `carrier/${key}`;
    const request = createHash('sha256').update(JSON.stringify([call.path, parse(call.body)])).digest('base64url');
    const kept = unit.get('results', id);
    if (kept !== undefined && kept.request !== request) throw new CarrierRefusal(422, 'key_reused', 'This idempotency key was used with another request.');
    if (kept !== undefined) return { status: kept.status, body: kept.body, headers: { 'idempotent-replayed': 'true' } };
    const answer = work();
    unit.put('results', { id, request, status: answer.status, body: answer.body, atWallMs: unit.on.wallMs });
    return answer;
  }

  private route(unit: Unit, call: Incoming): Outgoing {
    const [, , , noun, id, verb] = call.path.split('/');
    const what = `${call.method} ${noun ?? ''}${id === undefined ? '' : '/:id'}${verb === undefined ? '' : `/${verb}`}`;
    switch (what) {
      case 'POST labels':
        return json(201, shown(createLabel(unit, body(label, call)), call.origin));
      case 'GET labels/:id':
        return { status: 200, type: 'text/plain; charset=utf-8', body: labelText(shipmentOf(unit, id ?? '')) };
      case 'GET shipments':
        return json(200, { data: unit.world.all('shipments').reverse().slice(0, 100).map((shipment) => shown(shipment, call.origin)) });
      case 'GET shipments/:id':
        return json(200, shown(shipmentOf(unit, id ?? ''), call.origin));
      case 'POST shipments/:id/scans':
        return json(201, shown(scan(unit, id ?? '', body(scanning, call).kind), call.origin));
      case 'POST webhook_endpoints':
        return json(201, this.addEndpoint(unit, body(endpoint, call).url));
      case 'GET webhook_endpoints':
        return json(200, { data: unit.world.all('carrier_endpoints').map(({ secret: _secret, ...endpointShown }) => endpointShown) });
      case 'DELETE webhook_endpoints/:id':
        return json(200, this.removeEndpoint(unit, id ?? ''));
      default:
        throw new CarrierRefusal(404, 'not_found', `No ${call.method} ${call.path}.`);
    }
  }

  private addEndpoint(unit: Unit, url: string): { id: string; url: string; secret: string } {
    const { id, secret } = unit.put('carrier_endpoints', { id: unit.id('cwe'), url, secret: `cwhsec_${unit.id('x').slice(2)}${unit.id('x').slice(2)}`, created: unit.now });
    return { id, url, secret };
  }

  private removeEndpoint(unit: Unit, id: string): { id: string; deleted: true } {
    if (unit.get('carrier_endpoints', id) === undefined) throw new CarrierRefusal(404, 'unknown_endpoint', `No endpoint ${id}.`);
    for (const delivery of unit.world.where('deliveries', 'endpoint', id)) unit.remove('deliveries', delivery.id);
    unit.remove('carrier_endpoints', id);
    return { id, deleted: true };
  }
}

function shown({ id, ...rest }: Shipment, origin: string): Readonly<Record<string, unknown>> {
  return { tracking: id, carrier: CARRIER, labelUrl: `${origin}/carrier/v1/labels/${id}`, ...rest };
}

function labelText(shipment: Shipment): string {
  const address = (where: unknown) => Object.entries(where as Record<string, unknown>).map(([key, value]) => `  ${key}: ${String(value)}`).join('\n');
  return `${CARRIER}\n${shipment.id}\n${shipment.reference} (${shipment.leg})\n\nFrom\n${address(shipment.from)}\n\nTo\n${address(shipment.to)}\n`;
}

function body<S extends z.ZodType>(schema: S, call: Incoming): z.output<S> {
  const result = schema.safeParse(parse(call.body));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new CarrierRefusal(400, 'invalid_request', `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim());
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    throw new CarrierRefusal(400, 'invalid_json', 'The body is not JSON.');
  }
}

function refuse(status: number, code: string, message: string): Outgoing {
  return json(status, { error: { code, message } });
}
