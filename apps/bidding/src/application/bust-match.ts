import { Injectable } from '@nestjs/common';
import { type BustReason, bust, bustReasons } from '../domain/bust';
import { bustReasonUnknown, matchNotFound, notOwned } from '../domain/errors';
import { refused } from '../domain/batch';
import { type Match, quoteOf } from '../domain/quote';
import { MarketDirectory } from './market-directory';
import { Records } from './ports';
import type { Reply } from './ticket';
import { Traders } from './traders';
import { Writer } from './writer';

export interface BustCommand {
  readonly matchId: string;
  readonly reason: string;
  readonly doNotRelist: boolean;
  readonly traceparent: string | undefined;
}

/** Idempotent by match: a second request of the same moment gets the first one's answer, a later one learns that it is bust. */
@Injectable()
export class BustMatch {
  private readonly running = new Map<string, Promise<boolean>>();

  constructor(
    private readonly writer: Writer,
    private readonly records: Records,
    private readonly traders: Traders,
    private readonly directory: MarketDirectory,
  ) {}

  /** Answers whether it was this request that bust it. */
  execute(command: BustCommand): Promise<boolean> {
    const running = this.running.get(command.matchId) ?? this.bust(command).finally(() => this.running.delete(command.matchId));
    this.running.set(command.matchId, running);
    return running;
  }

  private async bust({ matchId, reason, doNotRelist, traceparent }: BustCommand): Promise<boolean> {
    if (!isReason(reason)) throw bustReasonUnknown(reason);
    const match = await this.records.match(matchId);
    if (!match) throw matchNotFound(matchId);
    if (match.state === 'bust') return false;
    const side = bustReasons[reason];
    const facts = side === null ? undefined : await this.traders.load(match[side].userId);
    const reply = await new Promise<Reply>((settle) =>
      this.writer.submit({
        run: (turn) => (turn.floor.markets.has(match.marketId) || !this.directory.get(match.marketId) ? bust(turn, { match: copyOf(match), reason, doNotRelist, facts }) : refused(notOwned())),
        settle, key: undefined, bodyHash: undefined, deadline: Infinity, traceparent,
      }),
    );
    if ('refused' in reply) throw reply.refused;
    if ('failed' in reply) throw reply.failed;
    return reply.done.busted === true;
  }
}

/** The floor does not have it, so nobody reads it again when a batch is rolled back and its commands run once more. */
function copyOf(match: Match): Match {
  return { ...match, bid: quoteOf(match.bid), ask: quoteOf(match.ask) };
}

function isReason(reason: string): reason is BustReason {
  return Object.hasOwn(bustReasons, reason);
}
