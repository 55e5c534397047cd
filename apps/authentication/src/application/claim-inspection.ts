import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { claimLost, notInState, ownTrade, queueEmpty, sameAuthenticator, taskLocked, taskNotFound } from '../domain/errors';
import { type Inspection, isParty } from '../domain/inspection';
import { Inspections } from './ports';

/** An authenticator takes a pair for ten minutes at a time. Whoever lets the time pass has lost it to the next. */
@Injectable()
export class ClaimInspection {
  constructor(
    private readonly inspections: Inspections,
    private readonly transactions: Transactions,
  ) {}

  /** Without an id the pair that has waited longest. */
  async claim(userId: string, id: string): Promise<Inspection> {
    return this.transactions.run(async (tx) => {
      const inspection = id === '' ? await this.next(tx, userId) : await this.named(tx, userId, id);
      await this.inspections.claim(tx, inspection.id, userId);
      return this.again(tx, inspection.id);
    });
  }

  async renew(userId: string, id: string): Promise<Inspection> {
    return this.transactions.run(async (tx) => {
      await this.mine(tx, userId, id);
      await this.inspections.claim(tx, id, userId);
      return this.again(tx, id);
    });
  }

  async release(userId: string, id: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      await this.mine(tx, userId, id);
      await this.inspections.release(tx, id);
    });
  }

  private async next(tx: Transaction, userId: string): Promise<Inspection> {
    const inspection = await this.inspections.lockNextFree(tx, userId);
    if (!inspection) throw queueEmpty();
    return inspection;
  }

  private async named(tx: Transaction, userId: string, id: string): Promise<Inspection> {
    const inspection = await this.again(tx, id);
    const { state, claim, opinions } = inspection;
    if (isParty(inspection, userId)) throw ownTrade();
    if (state !== 'queued' && state !== 'awaiting_review') throw notInState(state);
    if (state === 'awaiting_review' && opinions.some(({ by }) => by === userId)) throw sameAuthenticator();
    if (claim?.isLive && claim.by !== userId) throw taskLocked();
    return inspection;
  }

  private async mine(tx: Transaction, userId: string, id: string): Promise<void> {
    const { claim } = await this.again(tx, id);
    if (!claim?.isLive || claim.by !== userId) throw claimLost();
  }

  private async again(tx: Transaction, id: string): Promise<Inspection> {
    const inspection = await this.inspections.lock(tx, id);
    if (!inspection) throw taskNotFound(id);
    return inspection;
  }
}
