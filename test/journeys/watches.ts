import type { Trader } from '@libs/client/trader';
import { until } from '@libs/testing/exchange-process';
import { LiveClient } from '../../apps/gateway/test/live-client';

const CHANNELS = ['user:quotes', 'user:orders'];
const SEEN_MS_MAX = 60_000;

export interface Watching {
  /** These statuses of a thing of one's own have come, in this order. */
  sees(id: string, ...statuses: string[]): Promise<void>;
  ids(): string[];
  leaves(): void;
}

/** Somebody who keeps a page of their own quotes and orders open. */
export async function watches(trader: Trader): Promise<Watching> {
  const client = await LiveClient.connect(trader.api.url);
  const { ticket } = await trader.api.post<{ ticket: string }>('/v1/ws/tickets');
  client.say({ op: 'auth', ticket });
  for (const ch of CHANNELS) client.say({ op: 'subscribe', ch });
  for (const ch of CHANNELS) await client.heard('snapshot', ch);
  const changes = () => client.frames.filter(({ t }) => t === 'change').flatMap(({ d }) => d as { id: string; status: string }[]);
  const seen = (id: string) => changes().filter((change) => change.id === id).map(({ status }) => status).filter((status, i, all) => status !== all[i - 1]);
  return {
    async sees(id, ...statuses) {
      await until(() => `${id} is seen as ${statuses.join(', ')}, and not as ${seen(id).join(', ')}`, SEEN_MS_MAX, () => isIn(statuses, seen(id)));
    },
    ids: () => [...new Set(changes().map(({ id }) => id))],
    leaves: () => client.socket.close(),
  };
}

function isIn(wanted: readonly string[], seen: readonly string[]): boolean {
  let next = 0;
  for (const status of seen) if (status === wanted[next]) next += 1;
  return next === wanted.length;
}
