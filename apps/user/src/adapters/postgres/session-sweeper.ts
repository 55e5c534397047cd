import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { WallClock } from '@libs/kernel/clock';
import { Sessions } from '../../application/ports';

const EVERY_MS = 60_000;

/** Keeps the tables of sessions from growing for ever. */
@Injectable()
export class SessionSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loop: Loop;

  constructor(sessions: Sessions, wall: WallClock, log: Log) {
    this.loop = new Loop({ name: 'session_sweep', everyMs: EVERY_MS, log }, () => sessions.sweep(wall.now()));
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.loop.stop();
  }
}
