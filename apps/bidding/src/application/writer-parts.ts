import { Injectable } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Clock, WallClock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import { KeptAnswers, ShardSessions } from './ports';

/** What the writer works with. */
@Injectable()
export class WriterParts {
  constructor(
    readonly sessions: ShardSessions,
    readonly kept: KeptAnswers,
    readonly clock: Clock,
    readonly wallClock: WallClock,
    readonly ids: Ids,
    readonly log: Log,
  ) {}
}
