import type { Happening } from './advance';
import type { Effect } from '../domain/lifecycle';
import type { OrderPatch, Shipment } from './ports';

/**
 * What asking came to. `done`: concluded. `wait`: taken on, look again after `ms` if no event tells before. `void`: overtaken, nothing was asked.
 * The rest is what the order learns from it, recorded in the transaction that concludes the step.
 */
export interface Answer {
  readonly is: 'done' | 'wait' | 'void';
  readonly ms?: number;
  readonly patch?: OrderPatch;
  readonly happening?: Happening;
  /** Steps that have nothing left to ask after this one. */
  readonly concludes?: readonly Effect[];
  readonly label?: Omit<Shipment, 'state' | 'shippedAt'>;
}

export const done = (): Answer => ({ is: 'done' });
