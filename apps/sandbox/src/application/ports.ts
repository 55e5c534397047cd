import type { Change } from '../domain/world';

/** The append-only record of everything that has happened. */
export abstract class Journal {
  abstract append(changes: readonly Change[]): void;
  /** Resolves when all that was appended so far is on the disk. */
  abstract flushed(): Promise<void>;
}
