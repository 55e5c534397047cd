import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { keyInFlight, keyReused } from '../domain/errors';
import { type CommandKey, KeptAnswers } from './ports';

/** Who sends a command, under which key; empty when the caller wants none. */
export interface KeyedCall {
  readonly userId: string;
  readonly key: string;
}

export interface Answered<T> {
  readonly answer: T;
  /** The key was answered before, and this is that answer. */
  readonly isReplay: boolean;
}

/** Each key at most once: the same body gets its answer again, another body is a mistake. */
@Injectable()
export class KeyedCommands {
  private readonly inFlight = new Set<string>();

  constructor(
    private readonly transactions: Transactions,
    private readonly kept: KeptAnswers,
  ) {}

  /**
   * A command that asks the provider, outside of any transaction. One that breaks off is run again by the same key,
   * so what it asks the provider for has to bear a key that is made of this one.
   */
  async run<T>(call: KeyedCall, body: readonly string[], command: () => Promise<T>): Promise<Answered<T>> {
    if (call.key === '') return { answer: await command(), isReplay: false };
    const scoped = `${call.userId} ${call.key}`;
    if (this.inFlight.has(scoped)) throw keyInFlight();
    this.inFlight.add(scoped);
    try {
      const key = keyOf(call, body);
      const known = await this.transactions.run((tx) => this.kept.take(tx, key));
      if (known && !known.isSameBody) throw keyReused();
      // The body names the command, so the answer is of the kind that this command gives.
      if (known?.answer !== undefined) return { answer: known.answer as T, isReplay: true };
      const answer = await command();
      await this.transactions.run((tx) => this.kept.keep(tx, key, answer));
      return { answer, isReplay: false };
    } finally {
      this.inFlight.delete(scoped);
    }
  }

  /** A command that is one transaction, whose commit is its answer too: `work` reads how it stands when it was done before. Who comes at the same time waits for that commit. */
  within<T>(call: KeyedCall, body: readonly string[], work: (tx: Transaction, isReplay: boolean) => Promise<T>): Promise<Answered<T>> {
    return this.transactions.run(async (tx) => {
      const isReplay = call.key !== '' && (await this.wasDone(tx, keyOf(call, body)));
      return { answer: await work(tx, isReplay), isReplay };
    });
  }

  private async wasDone(tx: Transaction, key: CommandKey): Promise<boolean> {
    const known = await this.kept.take(tx, key);
    if (known && !known.isSameBody) throw keyReused();
    if (!known) await this.kept.keep(tx, key, {});
    return known !== undefined;
  }
}

/** Made of the user's key. */
export function keyAtProvider({ userId, key }: KeyedCall): string {
  return `${userId}:${key}`;
}

function keyOf({ userId, key }: KeyedCall, body: readonly string[]): CommandKey {
  return { userId, key, body: JSON.stringify(body) };
}
