import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { backoffMs } from '../domain/retry-policy';
import { ManualTasks, Telemetry } from './ports';

/** About two minutes of trying. */
const FAILURES_MAX = 9;

interface Setback {
  readonly failures: number;
  readonly againAt: number;
}

/** What a loop works off row by row may fail for one of them: that one is put aside for a while and the others go on. Whatever keeps failing is shown to a person. */
@Injectable()
export class Setbacks {
  private readonly known = new Map<string, Setback>();

  constructor(
    private readonly transactions: Transactions,
    private readonly tasks: ManualTasks,
    private readonly telemetry: Telemetry,
    private readonly wall: WallClock,
  ) {}

  /** Undefined when it failed, or failed lately. The memory of it is lost with the process: then it is tried once more at once. */
  async attempt<T>(work: { subject: string; orderId?: string }, execute: () => Promise<T>): Promise<T | undefined> {
    const { subject } = work;
    const setback = this.known.get(subject);
    if (setback && setback.againAt > this.wall.now().getTime()) return undefined;
    try {
      const result = await execute();
      if (setback) await this.overcome(subject);
      return result;
    } catch (error) {
      const failures = (setback?.failures ?? 0) + 1;
      this.known.set(subject, { failures, againAt: this.wall.now().getTime() + backoffMs(failures) });
      await this.happened({ ...work, failures }, error);
      return undefined;
    }
  }

  async happened({ subject, orderId, failures }: { subject: string; orderId?: string; failures: number }, error: unknown): Promise<void> {
    this.telemetry.broke(subject, error);
    if (failures < FAILURES_MAX) return;
    const task = {
      kind: 'stuck_work' as const, subject, detail: `${subject} has failed ${failures} times.`,
      advice: 'The log tells the cause under this subject. It is tried again once a minute, and this closes when it has worked; resume tries it at once.',
    };
    await this.transactions.run((tx) => this.tasks.open(tx, orderId === undefined ? task : { ...task, orderId }));
  }

  async overcome(subject: string): Promise<void> {
    this.known.delete(subject);
    await this.transactions.run((tx) => this.tasks.close(tx, { kind: 'stuck_work', subject, by: 'payment', reason: 'It has worked.' }));
  }
}
