import { typeId } from '@libs/kernel/ids';
import type { Sealing, Secrets, TakenMessage } from '../../application/ports';
import type { Channel, Kind } from '../../domain/catalogue';
import type { State } from '../../domain/delivery';
import { type Choices, type Preferences, usualPreferences } from '../../domain/preferences';
import type { Facts } from '../../domain/told';

export interface MessageRow {
  readonly id: string;
  readonly kind: Kind;
  readonly channel: Channel;
  readonly user_id: string;
  readonly state: State;
  readonly is_critical: boolean;
  readonly facts: Facts;
  readonly order_id: string | null;
  readonly item: string | null;
  readonly size: string | null;
  readonly url_key: string | null;
  readonly choices: Choices | null;
  readonly time_zone: string | null;
  readonly quiet_from: string | null;
  readonly quiet_until: string | null;
  readonly sealed: Buffer | null;
  readonly is_expired: boolean | null;
  readonly planned_at: Date;
  readonly created_at: Date;
  readonly attempts: number;
  readonly resends: number;
  readonly looks: number;
  readonly sending_at: Date | null;
  readonly unknown_for_ms: number;
  readonly reason: string | null;
}

/** What a message "m" is about: an order is of a match, a match in a market. */
export const AROUND = `left join orders o on o.id = m.order_id
  left join matches t on t.id = coalesce(m.match_id, o.match_id)
  left join markets k on k.id = coalesce(m.market_id, t.market_id)`;

export function takenOf(row: MessageRow, sealing: Sealing): TakenMessage {
  const secrets = row.sealed && sealing.open(row.sealed, row.id);
  return {
    id: typeId('ntf', row.id), kind: row.kind, channel: row.channel, userId: typeId('usr', row.user_id), state: row.state, isCritical: row.is_critical, facts: row.facts,
    around: {
      ...(row.item !== null && { product: row.item }), ...(row.size !== null && { size: row.size }), ...(row.url_key !== null && { urlKey: row.url_key }),
      ...(row.order_id !== null && { orderId: typeId('ord', row.order_id) }),
    },
    preferences: preferencesOf(row),
    // Sealed by `plan`, in this shape.
    ...(secrets && { secrets: JSON.parse(secrets) as Secrets }),
    isExpired: row.is_expired ?? false, plannedAt: row.planned_at, attempts: row.attempts, resends: row.resends, looks: row.looks,
    ...(row.sending_at && { sendingAt: row.sending_at }), unknownForMs: row.unknown_for_ms,
  };
}

interface PreferenceColumns {
  readonly choices: Choices | null;
  readonly time_zone: string | null;
  readonly quiet_from: string | null;
  readonly quiet_until: string | null;
}

export function preferencesOf(row: PreferenceColumns | undefined): Preferences {
  if (!row?.choices || !row.time_zone) return usualPreferences;
  const { choices, time_zone: timeZone, quiet_from: from, quiet_until: until } = row;
  return { choices, timeZone, ...(from !== null && until !== null && { quiet: { from, until } }) };
}
