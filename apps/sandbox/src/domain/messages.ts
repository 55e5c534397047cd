import type { SentMessage } from './keeping';
import type { Unit } from './unit';
import type { World } from './world';

const KEPT_MESSAGES = 20_000;
const SHOWN_MAX = 20_000;

/** Takes a message for delivery: it is kept as it came. */
export function takeMessage(unit: Unit, message: Omit<SentMessage, 'sentAt'>): SentMessage {
  const taken = unit.put('messages', { ...message, sentAt: new Date(unit.on.wallMs).toISOString() });
  if (unit.world.count('messages') > KEPT_MESSAGES) {
    for (const oldest of unit.world.each('messages')) {
      unit.remove('messages', oldest.id);
      break;
    }
  }
  return taken;
}

/** Those that a query names (`to`, `channel`, `limit`), the oldest first. */
export function messagesFor(world: World, query: URLSearchParams): SentMessage[] {
  const [to, channel] = [query.get('to'), query.get('channel')];
  const rows = to === null ? world.all('messages') : world.where('messages', 'to', to);
  return rows.filter((one) => channel === null || one.channel === channel).slice(-Number(query.get('limit') ?? SHOWN_MAX));
}
