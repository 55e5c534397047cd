import type { Announcement } from './keeping';
import { present } from './present';
import { PLATFORM } from './resources';
import type { Unit } from './unit';

export const API_VERSION = '2026-10-28.endive';
const KEPT_ANNOUNCEMENTS = 20_000;

/** Writes the event and what is owed to each endpoint that wants it, in the unit that changed the object. */
export function announce(unit: Unit, type: string, row: { readonly object: string; readonly id: string }, account = unit.on.account): void {
  const isConnect = account !== PLATFORM;
  const endpoints = unit.world.all('webhook_endpoints').filter(
    (one) => one.status === 'enabled' && one._sandbox.isConnect === isConnect && (one.enabled_events.includes(type) || one.enabled_events.includes('*')),
  );
  const id = unit.id('evt');
  const event = {
    id, object: 'event', api_version: API_VERSION, created: unit.now, data: { object: present(unit.world, row) }, livemode: false,
    pending_webhooks: endpoints.length, request: { id: unit.on.requestId, idempotency_key: unit.on.idempotencyKey }, type,
    ...(isConnect && { account }),
  };
  keep(unit, { id, from: 'provider', account, type, created: unit.now, body: JSON.stringify(event) }, endpoints.map((one) => one.id));
}

export function announceScan(unit: Unit, data: Readonly<Record<string, unknown>>): void {
  const id = unit.id('cev');
  const body = JSON.stringify({ id, type: 'shipment.scanned', created: unit.now, data });
  keep(unit, { id, from: 'carrier', account: PLATFORM, type: 'shipment.scanned', created: unit.now, body }, unit.world.all('carrier_endpoints').map((one) => one.id));
}

function keep(unit: Unit, announcement: Announcement, endpoints: readonly string[]): void {
  const { copies, heldMs } = unit.on.webhooks;
  unit.put('announcements', announcement);
  for (const endpoint of endpoints) {
    for (let copy = 0; copy < copies; copy += 1) {
      const notBeforeMs = heldMs === null ? null : unit.on.nowMs + heldMs;
      unit.put('deliveries', { id: unit.id('dlv'), announcement: announcement.id, endpoint, notBeforeMs, sinceWallMs: unit.on.wallMs });
    }
  }
  forgetOldest(unit);
}

/** The oldest announcement goes when there are too many, unless it is still owed to someone. */
function forgetOldest(unit: Unit): void {
  if (unit.world.count('announcements') <= KEPT_ANNOUNCEMENTS) return;
  for (const oldest of unit.world.each('announcements')) {
    if (unit.world.where('deliveries', 'announcement', oldest.id).length === 0) unit.remove('announcements', oldest.id);
    return;
  }
}
