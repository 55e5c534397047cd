import { Injectable } from '@nestjs/common';
import { cancel } from '../domain/cancel';
import type { Side } from '../domain/side';
import { ExplainQuote } from './explain-quote';
import { Intake } from './intake';
import type { KeyedCall } from './keyed-call';
import type { Reply } from './ticket';

export interface CancelCommand extends KeyedCall {
  readonly side: Side;
  readonly quoteId: string;
}

@Injectable()
export class CancelQuote {
  constructor(
    private readonly intake: Intake,
    private readonly explain: ExplainQuote,
  ) {}

  execute(call: CancelCommand, answer: (reply: Reply) => void): void {
    const command = { ...call, command: 'cancel' };
    this.intake.submit({ ...call, run: (turn) => cancel(turn, command), explain: (refusal) => this.explain.why(refusal, call) }, answer);
  }
}
