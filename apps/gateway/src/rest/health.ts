import { z } from 'zod';
import type { Internals } from '../door/internals';
import { HttpRefusal } from '../door/problem';
import { type Route, route } from '../door/route';

const SummaryJson = z.object({ status: z.enum(['ok', 'degraded']), services: z.record(z.string(), z.enum(['ready', 'not_ready'])) });
const StatusJson = z.object({ status: z.literal('ok'), services: z.record(z.string(), z.string()).optional() });
const probe = { tag: 'Health', access: { roles: 'public' }, limit: 'health', cacheControl: 'no-store', method: 'GET', status: 200, answer: StatusJson } as const;

/** The health of the whole exchange. Why a service is not ready, its own internal address tells. */
export function healthRoutes(internals: Pick<Internals, 'states'>): Route[] {
  const all = async () => {
    const states = [...(await internals.states())];
    const down = states.filter(([, { ready }]) => !ready).map(([name]) => name);
    if (down.length > 0) throw new HttpRefusal(503, 'gateway.not_ready', `Not ready: ${down.join(', ')}.`);
    return { status: 'ok' as const, services: Object.fromEntries(states.map(([name]) => [name, 'ready'])) };
  };
  const summary = async () => {
    const states = [...(await internals.states())];
    const services = Object.fromEntries(states.map(([name, { ready }]) => [name, ready ? ('ready' as const) : ('not_ready' as const)]));
    return { status: states.every(([, { ready }]) => ready) ? ('ok' as const) : ('degraded' as const), services };
  };
  return [
    route({ ...probe, path: '/health/live', summary: 'The gateway answers.', handle: async () => ({ status: 'ok' as const }) }),
    route({ ...probe, path: '/health/ready', summary: 'Every service can be given work.', handle: all }),
    route({ ...probe, path: '/health/startup', summary: 'Every service has started.', handle: all }),
    route({ ...probe, path: '/v1/status', summary: 'How the exchange is, for everybody: which of its services can be given work.', answer: SummaryJson, handle: summary }),
  ];
}
