import type { EventInit, EventName } from '@libs/contracts/events';
import type { Transaction } from '@libs/postgres/transaction';

/** Events leave a service only through here: in the same transaction as the state that they announce. */
export abstract class Outbox {
  /** Only collects: `Transactions.run` numbers the events of each key and writes one outbox row just before COMMIT. `key` is the topic's noun, such as the order's id. */
  abstract add<N extends EventName>(tx: Transaction, name: N, key: string, event: EventInit<N>): void;
}
