import 'reflect-metadata';
import type { EventName, EventOf, Topic } from '@libs/contracts/events';
import type { Transaction } from '@libs/postgres/transaction';

/** Where an event comes from. `kseq` counts 1..N for each (topic, key). */
export interface Delivery {
  readonly eventId: string;
  readonly topic: Topic;
  readonly key: string;
  readonly kseq: number;
  readonly occurredAt: Date;
  /** It was told before, and comes again to fill what a replay has emptied: what it has caused elsewhere is there. */
  readonly isRetold: boolean;
}

/** Its effect, in `tx`: the consumer's cursor moves in the same transaction, so that each event takes effect exactly once. */
type Handler<N extends EventName> = (tx: Transaction, event: EventOf<N>, delivery: Delivery) => Promise<void>;

const HANDLES = Symbol('handles');

/** Subscribes a method of a provider to an event. */
export function OnEvent<N extends EventName>(name: N) {
  return <H extends Handler<N>>(_target: object, _key: string, method: TypedPropertyDescriptor<H>): void => {
    Reflect.defineMetadata(HANDLES, name, method.value as object);
  };
}

export function handledEvent(method: object): EventName | undefined {
  return Reflect.getMetadata(HANDLES, method);
}
