import { armFailpoints } from '@libs/chassis/failpoints';
import { Desk, Harness, type Order, said } from '../writer-harness';
import { SHARDS } from '../../src/domain/shard';
import type { TraderFacts } from '../../src/domain/trader-facts';

/** A command as the parent sends it; the child answers with what its writer said. */
export interface Sent {
  readonly n: number;
  readonly side: 'bid' | 'ask';
  readonly user: string;
  readonly facts: TraderFacts;
  readonly price: number;
  readonly order: Partial<Order>;
}

export interface Heard {
  readonly n: number;
  readonly said: string;
  readonly quoteId: string | undefined;
  readonly matchId: string | undefined;
}

/** A process of its own that holds a writer, and dies where it is told to. */
async function main(): Promise<void> {
  armFailpoints(process.env);
  const harness = await Harness.open(0, { url: process.env.CHILD_DATABASE_URL ?? '', close: async () => undefined });
  const desk = await Desk.open(harness);
  // The backend of a writer that was killed lets go of its locks when it has noticed.
  while (desk.writer.owned.size < SHARDS) await desk.writer.tend();
  process.on('message', (message: unknown) => {
    const { n, side, user, facts, price, order } = message as Sent;
    harness.users.set(user, facts);
    void desk.place(side, user, price, order).then((reply) => {
      const done = 'done' in reply ? reply.done : undefined;
      process.send?.({ n, said: said(reply), quoteId: done?.quote?.id, matchId: done?.match?.id } satisfies Heard);
    });
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ ready: true });
}

void main();
