type Count = () => number | Promise<number>;

/** Work that is not done yet: tests and the drain wait until all of it is 0 in every service. */
export class Activity {
  private readonly counts = new Map<string, Count>();

  report(name: string, count: Count): void {
    this.counts.set(name, count);
  }

  async snapshot(): Promise<Record<string, number>> {
    const entries = [...this.counts].map(async ([name, count]) => [name, await count()] as const);
    return Object.fromEntries(await Promise.all(entries));
  }
}
