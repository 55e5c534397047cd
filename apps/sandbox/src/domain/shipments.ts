import { announceScan } from './announcements';
import type { ScanKind, Shipment } from './keeping';
import type { Unit } from './unit';

const HOUR_MS = 3_600_000;
const movesAfterAcceptance = [
  { kind: 'in_transit', afterMs: 12 * HOUR_MS },
  { kind: 'delivered', afterMs: 48 * HOUR_MS },
] as const;

/** Which scans can follow a state. What is not here is refused. */
const next: Readonly<Record<Shipment['status'], readonly ScanKind[]>> = {
  label_created: ['accepted', 'in_transit', 'delivered', 'lost'],
  accepted: ['in_transit', 'delivered', 'lost'],
  in_transit: ['in_transit', 'delivered', 'lost'],
  delivered: [],
  lost: [],
};

export class CarrierRefusal extends Error {
  override name = 'CarrierRefusal';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export function createLabel(unit: Unit, label: { reference: string; leg: string; from: unknown; to: unknown }): Shipment {
  return unit.put('shipments', { id: unit.id('SBX').replace('_', '').toUpperCase(), ...label, status: 'label_created', scans: [], created: unit.now });
}

export function shipmentOf(unit: Unit, tracking: string): Shipment {
  const shipment = unit.get('shipments', tracking);
  if (shipment === undefined) throw new CarrierRefusal(404, 'unknown_shipment', `No shipment ${tracking}.`);
  return shipment;
}

/** A parcel once accepted moves by itself, as the business clock goes. */
export function scan(unit: Unit, tracking: string, kind: ScanKind): Shipment {
  const shipment = shipmentOf(unit, tracking);
  if (!next[shipment.status].includes(kind)) throw new CarrierRefusal(409, 'scan_out_of_order', `A shipment that is ${shipment.status} cannot be scanned as ${kind}.`);
  const at = new Date(unit.on.nowMs).toISOString();
  const scanned = unit.put('shipments', { ...shipment, status: kind, scans: [...shipment.scans, { kind, at }] });
  if (kind === 'accepted') {
    for (const move of movesAfterAcceptance) unit.schedule({ atMs: unit.on.nowMs + move.afterMs, what: 'shipment_moves', subject: tracking, kind: move.kind });
  }
  announceScan(unit, { tracking, reference: shipment.reference, leg: shipment.leg, kind, at });
  return scanned;
}

/** A move that was to come by itself; a parcel that someone has scanned further, or that is lost, does not go back. */
export function moveOn(unit: Unit, tracking: string, kind: 'in_transit' | 'delivered'): void {
  const { status } = shipmentOf(unit, tracking);
  if (status === kind || !next[status].includes(kind)) return;
  scan(unit, tracking, kind);
}
