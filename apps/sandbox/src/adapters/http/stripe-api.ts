import { createHash } from 'node:crypto';
import type { Box } from '../../application/box';
import { API_VERSION } from '../../domain/announcements';
import type { KeptResult, RefusingMode } from '../../domain/keeping';
import { Refusal, badRequest, type RefusalBody } from '../../domain/refusal';
import { PLATFORM } from '../../domain/resources';
import type { Unit } from '../../domain/unit';
import { connectRoutes } from './connect-routes';
import { endpointRoutes } from './endpoint-routes';
import { OutsideApi, json, type Claim, type Handling, type Incoming, type Outgoing } from './exchange';
import { expandBody } from './expand';
import { decodeForm, type Form } from './form';
import { moneyRoutes } from './money-routes';
import { InvalidParameters } from './params';
import { paymentRoutes } from './payment-routes';
import { findRoute, type Answer, type Route } from './route';

const routes: readonly Route[] = [...paymentRoutes, ...moneyRoutes, ...connectRoutes, ...endpointRoutes];
const KEY_LIVES_MS = 24 * 3_600_000;
const MAX_KEY_LENGTH = 255;

/** The provider's HTTP API: who calls, with which key, and what was answered to that key before. */
export class StripeApi extends OutsideApi {
  private readonly inFlight = new Set<string>();

  constructor(private readonly box: Box) {
    super();
  }

  override claim(call: Incoming): Claim | Outgoing {
    const key = keyOf(call);
    if (key === null) return { release: () => undefined };
    const id = `${accountHeader(call)}/${key}`;
    if (this.inFlight.has(id)) return this.fault('conflict_409', call);
    this.inFlight.add(id);
    return { release: () => this.inFlight.delete(id) };
  }

  override fault(mode: RefusingMode, call: Incoming): Outgoing {
    if (mode === 'unavailable_503') return this.reply(call, 503, { error: { type: 'api_error', message: 'The API is not available at the moment.' } });
    const error: RefusalBody = mode === 'conflict_409'
      ? { type: 'idempotency_error', code: 'idempotency_key_in_use', message: `There is currently another in-progress request using this Idempotent Key: ${keyOf(call) ?? 'none'}. The other request is still going through.` }
      : { type: 'invalid_request_error', code: 'rate_limit', message: 'Request rate limit exceeded.' };
    return this.reply(call, mode === 'conflict_409' ? 409 : 429, { error });
  }

  override handle(call: Incoming, handling: Handling): Outgoing {
    const key = keyOf(call);
    try {
      if (key !== null && key.length > MAX_KEY_LENGTH) throw badRequest('Idempotency keys can be at most 255 characters long.');
      const work = this.prepare(call);
      const kept = key === null ? undefined : this.keptFor(call, work.account, key);
      if (kept !== undefined) return this.reply(call, kept.status, JSON.parse(kept.body), { 'idempotent-replayed': 'true' });
      return this.perform(call, work, handling);
    } catch (error) {
      if (error instanceof Refusal) return this.reply(call, error.status, { error: error.body });
      throw error;
    }
  }

  private prepare(call: Incoming): { route: Route; ids: string[]; form: Form; account: string } {
    const form = decodeForm(call.method === 'POST' ? call.body : call.query);
    const { isPublishable, account } = this.caller(call, form);
    const found = findRoute(routes, call.method, call.path);
    if (found === undefined) throw new Refusal(404, { type: 'invalid_request_error', message: `Unrecognized request URL (${call.method}: ${call.path}).` });
    const { key: _key, client_secret: secret, ...rest } = form;
    if (isPublishable && !(found.route.isPublic && this.isSecretOf(found.ids[0] ?? '', secret))) {
      throw new Refusal(401, { type: 'invalid_request_error', code: 'secret_key_required', message: 'This API call cannot be made with a publishable API key. Please use a secret API key.' });
    }
    return { ...found, form: found.route.isPublic ? rest : form, account };
  }

  private perform(call: Incoming, work: { route: Route; ids: string[]; form: Form; account: string }, handling: Handling): Outgoing {
    const key = keyOf(call);
    const how = { account: work.account, requestId: call.id, idempotencyKey: key, webhooks: handling.webhooks };
    let answer: Answer;
    try {
      answer = this.box.run(how, (unit) => {
        const done = this.run(unit, work);
        return this.keepResult(unit, call, handling.isSpoilt ? broken : done);
      });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer = { status: error.status, body: { error: error.body } };
      // A call whose parameters are wrong never began, so its key is free; one that the state refused is answered so again.
      if (!(error instanceof InvalidParameters)) this.box.run(how, (unit) => this.keepResult(unit, call, answer));
    }
    return this.reply(call, answer.status, answer.body);
  }

  private run(unit: Unit, { route, ids, form }: { route: Route; ids: string[]; form: Form }): Answer {
    const answer = route.run({ unit, params: form, id: ids[0] ?? '', innerId: ids[1] ?? '' });
    const paths = Array.isArray(form['expand']) ? form['expand'].filter((path) => typeof path === 'string') : [];
    return answer.status === 200 && paths.length > 0 ? { ...answer, body: expandBody(unit, answer.body, paths) } : answer;
  }

  private keptFor(call: Incoming, account: string, key: string): KeptResult | undefined {
    const kept = this.box.world.get('results', `${account}/${key}`);
    if (kept === undefined || this.box.wallMs - kept.atWallMs >= KEY_LIVES_MS) return undefined;
    if (kept.request === fingerprint(call)) return kept;
    throw new Refusal(400, {
      type: 'idempotency_error',
      message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
    });
  }

  private keepResult(unit: Unit, call: Incoming, answer: Answer): Answer {
    const key = unit.on.idempotencyKey;
    if (key === null) return answer;
    for (const oldest of unit.world.each('results')) {
      if (unit.on.wallMs - oldest.atWallMs < KEY_LIVES_MS) break;
      unit.remove('results', oldest.id);
    }
    unit.put('results', { id: `${unit.on.account}/${key}`, request: fingerprint(call), status: answer.status, body: JSON.stringify(answer.body), atWallMs: unit.on.wallMs });
    return answer;
  }

  private caller(call: Incoming, form: Form): { isPublishable: boolean; account: string } {
    const secret = apiKeyOf(call) ?? (typeof form['key'] === 'string' ? form['key'] : '');
    const isPublishable = secret.startsWith('pk_test_');
    if (!isPublishable && !secret.startsWith('sk_test_')) {
      const message = secret === '' ? 'You did not provide an API key. Use the Authorization header, with Bearer auth.' : `Invalid API Key provided: ${secret.slice(0, 3)}***`;
      throw new Refusal(401, { type: 'invalid_request_error', message });
    }
    const account = accountHeader(call);
    if (account !== PLATFORM && this.box.world.get('accounts', account) === undefined) {
      throw new Refusal(403, { type: 'invalid_request_error', code: 'account_invalid', message: `The provided key does not have access to account '${account}' (or that account does not exist).` });
    }
    return { isPublishable, account };
  }

  private isSecretOf(id: string, secret: unknown): boolean {
    const intent = this.box.world.get('payment_intents', id) ?? this.box.world.get('setup_intents', id);
    return intent !== undefined && intent.client_secret === secret;
  }

  private reply(call: Incoming, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Outgoing {
    const key = keyOf(call);
    const account = call.headers['stripe-account'];
    return json(status, body, {
      'request-id': call.id, 'stripe-version': call.headers['stripe-version'] ?? API_VERSION, ...(key !== null && { 'idempotency-key': key }),
      ...(account !== undefined && { 'stripe-account': account }), ...(status >= 500 && { 'stripe-should-retry': 'false' }), ...headers,
    });
  }
}

const broken: Answer = { status: 500, body: { error: { type: 'api_error', message: 'An unknown error occurred.' } } };

function keyOf(call: Incoming): string | null {
  return call.method === 'POST' ? (call.headers['idempotency-key'] ?? null) : null;
}

function accountHeader(call: Incoming): string {
  return call.headers['stripe-account'] ?? PLATFORM;
}

function apiKeyOf(call: Incoming): string | undefined {
  const [scheme, value = ''] = (call.headers['authorization'] ?? '').split(' ');
  if (scheme === 'Bearer') return value;
  return scheme === 'Basic' ? Buffer.from(value, 'base64').toString('utf8').split(':')[0] : undefined;
}

function fingerprint(call: Incoming): string {
  return createHash('sha256').update(JSON.stringify([call.method, call.path, ordered(decodeForm(call.body))])).digest('base64url');
}

function ordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, ordered(inner)]);
}
