import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Clock } from '@libs/kernel/clock';
import { failpoint } from '@libs/kernel/failpoint';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { alreadyDecided, checksMissing, claimLost, notInState, ownTrade, reasonsMissing, sameAuthenticator, stale, taskLocked, taskNotFound, textMissing, valueUnknown } from '../domain/errors';
import { type Check, checkKinds, type FailReason, failReasons, type Inspection, isParty, missingChecks, type Opinion, type State, type Verdict, type Voice, weigh } from '../domain/inspection';
import { Inspections } from './ports';

/** What somebody says of a pair, as it came. */
export interface Saying {
  readonly taskId: string;
  readonly verdict: string;
  readonly reasons: readonly string[];
}

const awaited: Record<Voice, State> = { first: 'queued', second: 'awaiting_review', admin: 'disagreement' };

/** Checks and opinions, up to the verdict. Nobody judges a trade of their own, and no two opinions are one person's. */
@Injectable()
export class JudgeInspection {
  constructor(
    private readonly inspections: Inspections,
    private readonly transactions: Transactions,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async check(userId: string, taskId: string, given: { kind: string; result: string; note: string; expectedVersion: number }): Promise<Inspection> {
    const check = checkOf(given);
    return this.transactions.run(async (tx) => {
      const inspection = await this.lock(tx, taskId);
      if (inspection.state !== 'queued') throw notInState(inspection.state);
      requireClaim(inspection, userId);
      if (given.expectedVersion !== 0 && given.expectedVersion !== inspection.version) throw stale(inspection.version);
      await this.inspections.check(tx, taskId, check, { userId, at: this.clock.now() });
      return this.lock(tx, taskId);
    });
  }

  first(userId: string, saying: Saying): Promise<Inspection> {
    return this.judge(userId, 'first', saying, '');
  }

  second(userId: string, saying: Saying): Promise<Inspection> {
    return this.judge(userId, 'second', saying, '');
  }

  decide(adminId: string, saying: Saying, why: string): Promise<Inspection> {
    if (why === '') throw textMissing('reason');
    return this.judge(adminId, 'admin', saying, why);
  }

  private async judge(userId: string, voice: Voice, saying: Saying, note: string): Promise<Inspection> {
    const verdict = verdictOf(saying.verdict);
    const reasons = reasonsOf(verdict, saying.reasons);
    return this.transactions.run(async (tx) => {
      const inspection = await this.lock(tx, saying.taskId);
      if (hasSaid(inspection, { voice, by: userId, verdict, reasons })) return inspection;
      this.allow(inspection, userId, voice);
      const missing = voice === 'first' && verdict === 'pass' ? missingChecks(inspection) : [];
      if (missing.length > 0) throw checksMissing(missing);
      const opinion = { voice, by: userId, verdict, reasons, note, at: this.clock.now() };
      const outcome = weigh(inspection.opinions, opinion);
      await this.inspections.judge(tx, inspection.id, opinion, outcome);
      if (outcome.state === 'completed') this.announce(tx, inspection, outcome);
      return this.lock(tx, inspection.id);
    });
  }

  private allow(inspection: Inspection, userId: string, voice: Voice): void {
    const { state, opinions, claim } = inspection;
    if (isParty(inspection, userId)) throw ownTrade();
    if (state === 'completed') throw alreadyDecided();
    if (state !== awaited[voice]) throw notInState(state);
    if (opinions.some(({ by }) => by === userId)) throw sameAuthenticator();
    if (voice === 'first') requireClaim(inspection, userId);
    // A review needs no claim, but it does not go over the head of somebody who has one.
    else if (claim?.isLive && claim.by !== userId) throw taskLocked();
  }

  private announce(tx: Transaction, { id: taskId, orderId }: Inspection, { verdict, reasons }: { verdict: Verdict; reasons: readonly FailReason[] }): void {
    failpoint('authentication.afterVerdict');
    this.outbox.add(tx, 'inspection.completed', orderId, { orderId, taskId, verdict, reasons: [...reasons] });
  }

  private async lock(tx: Transaction, taskId: string): Promise<Inspection> {
    const inspection = await this.inspections.lock(tx, taskId);
    if (!inspection) throw taskNotFound(taskId);
    return inspection;
  }
}

/** The very same opinion by the same person was given before: whoever sends it again is answered again, and nothing is written. */
function hasSaid({ opinions }: Inspection, saying: Opinion): boolean {
  const said = opinions.find(({ voice, by }) => voice === saying.voice && by === saying.by);
  return said !== undefined && said.verdict === saying.verdict && said.reasons.length === saying.reasons.length && said.reasons.every((reason) => saying.reasons.includes(reason));
}

function requireClaim({ claim }: Inspection, userId: string): void {
  if (!claim?.isLive || claim.by !== userId) throw claimLost();
}

function verdictOf(given: string): Verdict {
  if (given !== 'pass' && given !== 'fail') throw valueUnknown('verdict');
  return given;
}

function reasonsOf(verdict: Verdict, given: readonly string[]): readonly FailReason[] {
  const reasons = failReasons.filter((reason) => given.includes(reason));
  if (reasons.length < new Set(given).size) throw valueUnknown('reasons');
  if (verdict === 'fail' && reasons.length === 0) throw reasonsMissing();
  return verdict === 'fail' ? reasons : [];
}

function checkOf({ kind: givenKind, result, note }: { kind: string; result: string; note: string }): Check {
  const kind = checkKinds.find((known) => known === givenKind);
  if (!kind) throw valueUnknown('kind');
  if (result !== 'pass' && result !== 'fail') throw valueUnknown('result');
  return { kind, result, note };
}
