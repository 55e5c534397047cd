import { z } from 'zod';
import { idOf } from '../rest/json';
import { userChannels } from './user-hub';

/** What a client may say. */

const Id = z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional();
const Channel = z.string().max(64);

export const Frame = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('subscribe'), id: Id, ch: Channel }),
  z.strictObject({ op: z.literal('unsubscribe'), id: Id, ch: Channel }),
  z.strictObject({ op: z.literal('auth'), id: Id, ticket: z.string().max(100) }),
  z.strictObject({ op: z.literal('ping'), id: Id }),
]);
export type Frame = z.output<typeof Frame>;

export type ChannelName = { readonly kind: 'book' | 'ticker'; readonly marketId: string } | { readonly kind: (typeof userChannels)[number] };

const MarketId = idOf('mkt');

export function channelOf(text: string): ChannelName | undefined {
  const own = userChannels.find((name) => name === text);
  if (own) return { kind: own };
  const [kind, marketId] = text.split(':', 2);
  if (kind !== 'book' && kind !== 'ticker') return undefined;
  return MarketId.safeParse(marketId).success && marketId !== undefined ? { kind, marketId } : undefined;
}

export function frameOf(text: string): Frame | undefined {
  try {
    return Frame.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
