/** What an application layer may know of a database transaction: that there is one. */
export interface Transaction {
  readonly id: symbol;
}

/** Units of work over the service's own database. */
export abstract class Transactions {
  /**
   * Runs `work` in one transaction. The events that it adds to the outbox leave with its commit, or not at all.
   * After a serialization failure, deadlock or lock time-out the whole of `work` runs again (five times at most, with jitter), so it must have no other effects.
   */
  abstract run<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Calls `tell` when `tx` is committed, also when it is not known whether it was; never for what is rolled back. Nothing waits for it. */
  abstract afterCommit(tx: Transaction, tell: () => void): void;
}
