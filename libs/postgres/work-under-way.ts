/**
 * What this process has taken under leases and works on, by id. Where the database goes away in the midst, it may hold as ours what nobody works on:
 * that is given back before more is taken, and need not wait for the end of its lease.
 */
export class WorkUnderWay {
  private readonly runs = new Map<string, Promise<void>>();
  private mayHoldMore = false;

  /** `freeLeases` gives back whatever the database holds as ours and is not named. */
  constructor(private readonly freeLeases: (underWay: readonly string[]) => Promise<void>) {}

  get size(): number {
    return this.runs.size;
  }

  async take<T>(take: () => Promise<readonly T[]>): Promise<readonly T[]> {
    await this.giveBack();
    try {
      return await take();
    } catch (error) {
      this.mayHoldMore = true; // It may have been taken, and only the answer was lost.
      throw error;
    }
  }

  /** `work` never throws: what it could not write down it abandons. */
  begin(id: string, work: Promise<void>, onOver: () => void): void {
    const run = work.finally(() => {
      this.runs.delete(id);
      onOver();
    });
    this.runs.set(id, run);
  }

  /** What came of it could not be written down. */
  abandon(id: string): void {
    this.runs.delete(id);
    this.mayHoldMore = true;
  }

  /** Resolves when all that has begun is over. */
  async drained(): Promise<void> {
    await Promise.all(this.runs.values());
  }

  private async giveBack(): Promise<void> {
    if (!this.mayHoldMore) return;
    this.mayHoldMore = false; // Before the look: what fails during it is not among what it gives back.
    try {
      await this.freeLeases([...this.runs.keys()]);
    } catch (error) {
      this.mayHoldMore = true;
      throw error;
    }
  }
}
