import type { Topic } from '@libs/contracts/events';

/** `line` is opaque to the bus; records of one key keep their order. */
export interface BusRecord {
  readonly topic: Topic;
  readonly key: string;
  readonly line: string;
}

/** `offset` is that of the next record to read. */
export interface BusPosition {
  readonly topic: Topic;
  readonly partition: number;
  readonly offset: number;
}

/** Consecutive records of one partition, the first of which has the offset `from`. */
export interface BusBatch {
  readonly topic: Topic;
  readonly partition: number;
  readonly from: number;
  readonly lines: readonly string[];
}

/** The number of partitions of every topic, for ever: changing it would move keys. */
export const PARTITIONS = 24;

/** So long the log keeps what was appended. */
export const RETENTION_DAYS = 30;

/** The durable log between services. It delivers at least once, in order for each key; consumers keep the exact count. */
export abstract class Bus {
  /** Its name among the messaging systems of OpenTelemetry's conventions; our own where they have none. */
  abstract readonly system: string;
  /** Resolves when all records are durable. After a failure some may be there: append the same batch again, never skip it. */
  abstract append(records: readonly BusRecord[]): Promise<void>;
  /** Makes the group known; what it has not read before starts at the beginning of the log. */
  abstract subscribe(group: string, topics: readonly Topic[]): Promise<void>;
  /** The next records after the group's committed positions, a bounded number for each partition; empty when there are none. */
  abstract read(group: string, topics: readonly Topic[]): Promise<BusBatch[]>;
  /** Moves the group's positions, never back. */
  abstract commit(group: string, positions: readonly BusPosition[]): Promise<void>;
  /** Moves the group's positions to the beginning, or to the first records that were appended at `since` or later: for a replay. */
  abstract rewind(group: string, topics: readonly Topic[], since?: Date): Promise<void>;
  /** The group is known no more, and its positions with it. */
  abstract forget(group: string): Promise<void>;
  /** The offset behind the last record of each partition that holds any. */
  abstract ends(topics: readonly Topic[]): Promise<BusPosition[]>;
  /** The offset of the first record that is left, of each partition that has forgotten some. */
  abstract starts(topics: readonly Topic[]): Promise<BusPosition[]>;
  /** How many records the group has not committed yet. */
  abstract lag(group: string, topics: readonly Topic[]): Promise<number>;
  /** A hint that there are records of these topics to read. It may be missing: consumers poll in any case. */
  abstract onAppend(listener: (topics: ReadonlySet<Topic>) => void): void;
}

/** FNV-1a over the key's UTF-8. */
export function partitionOf(key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(key, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % PARTITIONS;
}
