import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { ownTrade, parcelUnnamed } from '../domain/errors';
import { type Inspection, isParty } from '../domain/inspection';
import { KeepStray } from './keep-stray';
import { Inspections, Parcels, type StrayParcel } from './ports';
import { ReceivePair } from './receive-pair';

export interface Intake {
  readonly tracking: string;
  readonly orderId: string;
  readonly note: string;
}

export type Received = { readonly inspection: Inspection } | { readonly stray: StrayParcel };

/** A parcel has arrived. Scanned twice it arrived once; without a live order it is a stray. */
@Injectable()
export class RecordIntake {
  constructor(
    private readonly inspections: Inspections,
    private readonly parcels: Parcels,
    private readonly strays: KeepStray,
    private readonly pair: ReceivePair,
    private readonly transactions: Transactions,
  ) {}

  async execute(userId: string, intake: Intake): Promise<Received> {
    if (intake.tracking === '' && intake.orderId === '') throw parcelUnnamed();
    return this.transactions.run(async (tx) => {
      const inspection = await this.inspectionOf(tx, intake);
      if (!inspection || inspection.state === 'cancelled') return { stray: await this.strays.execute(tx, intake) };
      if (isParty(inspection, userId)) throw ownTrade();
      return { inspection: inspection.state === 'awaiting_parcel' ? await this.pair.execute(tx, inspection) : inspection };
    });
  }

  private async inspectionOf(tx: Transaction, { orderId, tracking }: Intake): Promise<Inspection | undefined> {
    const named = orderId === '' ? undefined : await this.inspections.lockOfOrder(tx, orderId);
    if (named || tracking === '') return named;
    const known = await this.parcels.orderOf(tx, tracking);
    return known === undefined ? undefined : this.inspections.lockOfOrder(tx, known);
  }
}
