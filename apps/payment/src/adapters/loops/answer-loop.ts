import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { KeptAnswers } from '../../application/ports';

const PRUNE_MS = 3_600_000;

/** Answers to keyed commands are kept for a day. */
@Injectable()
export class AnswerLoop implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loop: Loop;

  constructor(log: Log, kept: KeptAnswers) {
    this.loop = new Loop({ name: 'prune answers', everyMs: PRUNE_MS, log }, () => kept.prune());
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.loop.stop();
  }
}
