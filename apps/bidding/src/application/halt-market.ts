import { Injectable } from '@nestjs/common';
import { refused } from '../domain/batch';
import { notOwned } from '../domain/errors';
import { halt, resume } from '../domain/halt';
import { Intake } from './intake';
import type { KeyedCall } from './keyed-call';
import { MarketDirectory } from './market-directory';
import type { Reply } from './ticket';

export interface StateCommand extends KeyedCall {
  readonly to: 'halted' | 'open';
  readonly marketId: string;
  readonly reason: string;
}

/** An admin's kill switch, from the next step of the market on; and its undoing. */
@Injectable()
export class HaltMarket {
  constructor(
    private readonly intake: Intake,
    private readonly directory: MarketDirectory,
  ) {}

  execute(call: StateCommand, answer: (reply: Reply) => void): void {
    const { to, marketId } = call;
    const command = { ...call, command: to === 'halted' ? 'halt' : 'resume' };
    const change = to === 'halted' ? halt : resume;
    this.intake.submit(
      { ...call, run: (turn) => (!turn.floor.markets.has(marketId) && this.directory.get(marketId) ? refused(notOwned()) : change(turn, command)) },
      answer,
    );
  }
}
