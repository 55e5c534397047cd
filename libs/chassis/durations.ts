import type { Histogram } from 'prom-client';
import { traceIdOf } from './trace';

/** How long things took, by their labels; each bucket names the latest trace that is recorded as its example. */
export class Durations {
  /** Looked up once for each set of labels: to find a series by its labels costs more than to count. */
  private readonly known = new Map<string, Histogram.Internal<string>>();

  constructor(
    private readonly histogram: Histogram,
    private readonly labels: readonly string[],
  ) {}

  /** `example`: the trace, where it is recorded. Without one it costs what counting costs. */
  observe(values: readonly string[], seconds: number, example?: string): void {
    const traceId = traceIdOf(example);
    if (traceId === undefined) return this.series(values).observe(seconds);
    const labels = Object.fromEntries(this.labels.map((label, i) => [label, values[i] ?? '']));
    this.histogram.observe({ labels, value: seconds, exemplarLabels: { trace_id: traceId } });
  }

  private series(values: readonly string[]): Histogram.Internal<string> {
    let name = ''; // `join` would take half as long as the counting.
    for (const value of values) name += `${value} `;
    const found = this.known.get(name) ?? this.histogram.labels(...values);
    this.known.set(name, found);
    return found;
  }
}
