import { Injectable } from '@nestjs/common';
import { Ids, uuidOf } from '@libs/kernel/ids';
import { type Outcome, refused } from '../domain/batch';
import { marketNotFound, notOwned, retry } from '../domain/errors';
import { place } from '../domain/place';
import type { Side } from '../domain/side';
import type { Turn } from '../domain/settle';
import { isBarred, pinsFor, type TraderFacts } from '../domain/trader-facts';
import { ApplyFactEffects } from './apply-fact-effects';
import { Intake, type KeyedRequest } from './intake';
import { MarketDirectory } from './market-directory';
import { Limits } from './limits';
import type { KeyedCall } from './keyed-call';
import type { Reply } from './ticket';
import { Traders } from './traders';

export interface PlaceCommand extends KeyedCall {
  readonly side: Side;
  readonly marketId: string;
  readonly currency: string;
  readonly price: number;
  readonly expiresInDays: number;
  readonly immediate: boolean;
  readonly paymentMethodId: string;
  readonly addressVersionId: string;
}

/** A bid or an ask; with `immediate`, Buy Now or Sell Now. */
@Injectable()
export class PlaceQuote {
  constructor(
    private readonly intake: Intake,
    private readonly traders: Traders,
    private readonly directory: MarketDirectory,
    private readonly effects: ApplyFactEffects,
    private readonly ids: Ids,
    private readonly limits: Limits,
  ) {}

  execute(command: PlaceCommand, answer: (reply: Reply) => void): void {
    if (uuidOf('mkt', command.marketId) === undefined) return answer({ refused: marketNotFound(command.marketId) });
    this.intake.submit(new PlacementRequest(command, this.ids.next(command.side), this), answer);
  }

  /** Nothing to wait for when the market and the user's facts are in memory and are enough. */
  prepare(command: PlaceCommand): Promise<unknown> | undefined {
    const facts = this.traders.cached(command.userId);
    return this.effects.hasMarket(command.marketId) && facts && isEnough(facts, command) ? undefined : this.learn(command);
  }

  private async learn({ marketId, userId, side, paymentMethodId, addressVersionId }: PlaceCommand): Promise<void> {
    await this.traders.complete(userId, side, paymentMethodId, addressVersionId);
    // A market that nobody here has heard of comes to the floor by its effect.
    if (!this.effects.hasMarket(marketId) && (await this.directory.find(marketId))) await this.effects.pass();
  }

  run(turn: Turn, command: PlaceCommand, quoteId: string): Outcome {
    if (!turn.floor.markets.has(command.marketId)) return refused(this.directory.get(command.marketId) ? notOwned() : marketNotFound(command.marketId));
    const facts = this.traders.cached(command.userId);
    if (!facts) return refused(retry()); // Forgotten since, for want of room.
    return place(turn, {
      quoteId, facts, maxOpenQuotes: this.limits.maxOpenQuotes, maxOpenExposure: this.limits.maxOpenExposure, side: command.side, marketId: command.marketId, userId: command.userId,
      currency: command.currency, price: command.price, expiresInDays: command.expiresInDays, immediate: command.immediate,
      paymentMethodId: command.paymentMethodId, addressVersionId: command.addressVersionId, key: command.key, bodyHash: command.bodyHash,
    });
  }
}

class PlacementRequest implements KeyedRequest {
  constructor(
    private readonly command: PlaceCommand,
    private readonly quoteId: string,
    private readonly useCase: PlaceQuote,
  ) {}

  get userId(): string {
    return this.command.userId;
  }

  get key(): string {
    return this.command.key;
  }

  get bodyHash(): Uint8Array {
    return this.command.bodyHash;
  }

  get deadline(): number {
    return this.command.deadline;
  }

  get traceparent(): string | undefined {
    return this.command.traceparent;
  }

  prepare(): Promise<unknown> | undefined {
    return this.useCase.prepare(this.command);
  }

  run(turn: Turn): Outcome {
    return this.useCase.run(turn, this.command, this.quoteId);
  }
}

function isEnough(facts: TraderFacts, { side, paymentMethodId, addressVersionId }: PlaceCommand): boolean {
  return isBarred(facts, side) || 'addressVersionId' in pinsFor(facts, side, paymentMethodId, addressVersionId);
}
