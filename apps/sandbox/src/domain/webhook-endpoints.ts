import { mergedMetadata } from './customers';
import { badRequest } from './refusal';
import type { Metadata, WebhookEndpoint } from './resources';
import type { Unit } from './unit';

export interface EndpointFacts {
  readonly url?: string | undefined;
  readonly enabled_events?: readonly string[] | undefined;
  readonly description?: string | undefined;
  readonly metadata?: Metadata | undefined;
  readonly disabled?: boolean | undefined;
}

export interface NewEndpoint extends EndpointFacts {
  readonly url: string;
  readonly enabled_events: readonly string[];
  readonly connect?: boolean | undefined;
  readonly api_version?: string | undefined;
}

/** The secret is told once, in the answer to the creation. */
export function createEndpoint(unit: Unit, facts: NewEndpoint): WebhookEndpoint {
  requireUrl(facts.url);
  return unit.put('webhook_endpoints', {
    id: unit.id('we'), object: 'webhook_endpoint', api_version: facts.api_version ?? null, application: null, created: unit.now, description: facts.description ?? null,
    enabled_events: facts.enabled_events, livemode: false, metadata: facts.metadata ?? {}, status: 'enabled', url: facts.url,
    _sandbox: { account: unit.on.account, isConnect: facts.connect ?? false, secret: `whsec_${unit.id('x').slice(2)}${unit.id('x').slice(2)}` },
  });
}

export function updateEndpoint(unit: Unit, id: string, facts: EndpointFacts): WebhookEndpoint {
  const endpoint = unit.must('webhook_endpoints', id);
  if (facts.url !== undefined) requireUrl(facts.url);
  return unit.put('webhook_endpoints', {
    ...endpoint, url: facts.url ?? endpoint.url, enabled_events: facts.enabled_events ?? endpoint.enabled_events, description: facts.description ?? endpoint.description,
    metadata: mergedMetadata(endpoint.metadata, facts.metadata), status: facts.disabled === undefined ? endpoint.status : facts.disabled ? 'disabled' : 'enabled',
  });
}

/** What was still owed to the endpoint is owed no longer. */
export function deleteEndpoint(unit: Unit, id: string): Readonly<Record<string, unknown>> {
  unit.must('webhook_endpoints', id);
  for (const delivery of unit.world.where('deliveries', 'endpoint', id)) unit.remove('deliveries', delivery.id);
  unit.remove('webhook_endpoints', id);
  return { id, object: 'webhook_endpoint', deleted: true };
}

function requireUrl(url: string): void {
  if (!/^https?:\/\/[^\s]+$/.test(url)) throw badRequest('Invalid URL: An explicit scheme (such as https) must be provided.', { code: 'url_invalid', param: 'url' });
}
