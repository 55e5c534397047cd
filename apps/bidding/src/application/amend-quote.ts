import { Injectable } from '@nestjs/common';
import { amend } from '../domain/amend';
import type { Side } from '../domain/side';
import { ExplainQuote } from './explain-quote';
import { Intake } from './intake';
import type { KeyedCall } from './keyed-call';
import { Limits } from './limits';
import type { Reply } from './ticket';

export interface AmendCommand extends KeyedCall {
  readonly side: Side;
  readonly quoteId: string;
  readonly price: { readonly currency: string; readonly minor: number } | undefined;
  readonly expiresInDays: number;
  readonly expectedVersion: number;
}

@Injectable()
export class AmendQuote {
  constructor(
    private readonly intake: Intake,
    private readonly explain: ExplainQuote,
    private readonly limits: Limits,
  ) {}

  execute(call: AmendCommand, answer: (reply: Reply) => void): void {
    const command = { ...call, command: 'amend', maxOpenExposure: this.limits.maxOpenExposure };
    this.intake.submit({ ...call, run: (turn) => amend(turn, command), explain: (refusal) => this.explain.why(refusal, call) }, answer);
  }
}
