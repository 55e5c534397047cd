import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import type { Transaction } from '@libs/postgres/transaction';
import { illegalTransition } from '../domain/errors';
import { effects, losses, timersDuring } from '../domain/lifecycle';
import type { Order } from '../domain/order';
import { Advance } from './advance';
import { Deadlines } from './deadlines';
import { type ManualTask, Steps } from './ports';

interface Decision {
  readonly adminId: string;
  readonly reason: string;
}

/** What follows when a task is resumed: the stuck step is tried at once, the lost parcel is declared lost, the passed deadline runs anew; of a parcel's number nothing hangs on it. */
@Injectable()
export class FollowTask {
  constructor(
    private readonly steps: Steps,
    private readonly advance: Advance,
    private readonly deadlines: Deadlines,
    private readonly clock: Clock,
  ) {}

  async execute(tx: Transaction, order: Order, { kind, subject }: ManualTask, decision: Decision): Promise<void> {
    switch (kind) {
      case 'stuck_saga': {
        const step = effects.find((effect) => effect === subject);
        if (step) await this.steps.hurry(tx, order.id, step);
        return;
      }
      case 'parcel_lost':
        return this.declareLost(tx, order, subject, decision);
      case 'overdue': {
        const timer = timersDuring(order.status).find((running) => running === subject);
        if (timer) await this.deadlines.start(tx, order.id, timer, this.clock.now());
        return;
      }
      case 'tracking_taken':
        return; // The order waits for the parcel as before.
    }
  }

  private async declareLost(tx: Transaction, order: Order, subject: string, { adminId, reason }: Decision): Promise<void> {
    const loss = Object.values(losses).find(({ leg }) => leg === subject);
    if (!loss) return; // A claim upon the carrier: nothing of the order hangs on it.
    const { outcome } = await this.advance.execute(tx, order.id, { event: loss.event, actor: 'admin', actorId: adminId, reason });
    if (outcome !== 'applied') throw illegalTransition(order.status, loss.event);
  }
}
