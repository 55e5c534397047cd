import { invariant } from '@libs/kernel/invariant';
import { Counter, Gauge, Histogram, type Metric, type OpenMetricsContentType, type PrometheusContentType, Registry } from 'prom-client';
import { Durations } from './durations';

const LATENCY_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** One registry for each service, since a process may hold all of them. Asked twice for a name, it answers the same metric. */
export class Metrics {
  /** Of this type, since the library keeps examples on no other. */
  private readonly registry = new Registry<OpenMetricsContentType>();

  constructor(service: string) {
    this.registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    this.registry.setDefaultLabels({ service });
  }

  counter<L extends string = string>(name: string, help: string, labels: readonly L[] = []): Counter<L> {
    return this.once(name, () => new Counter({ name, help, labelNames: [...labels], registers: [this.registry] }));
  }

  histogram<L extends string = string>(name: string, help: string, labels: readonly L[] = [], buckets: readonly number[] = LATENCY_BUCKETS_S): Histogram<L> {
    return this.once(name, () => new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers: [this.registry] }));
  }

  /** For what is done within traces. */
  durations(name: string, help: string, labels: readonly string[]): Durations {
    const histogram = this.once(name, () => new Histogram({ name, help, labelNames: [...labels], buckets: LATENCY_BUCKETS_S, registers: [this.registry], enableExemplars: true }));
    return new Durations(histogram, labels);
  }

  /** With `read`, the value is taken when the metrics are collected; of a gauge with one label, the value of each that has one. */
  gauge<L extends string = string>(name: string, help: string, labels: readonly L[] = [], read?: () => number | ReadonlyMap<string, number>): Gauge<L> {
    const collect = read && { collect(this: Gauge<L>) { if (labels.length > 0) this.reset(); fill((...given) => this.set(...given), labels, read()); } };
    return this.once(name, () => new Gauge<L>({ name, help, labelNames: [...labels], registers: [this.registry], ...collect }));
  }

  /** A counter whose count is kept elsewhere, and never shrinks there. */
  total<L extends string = string>(name: string, help: string, labels: readonly L[], read: () => number | ReadonlyMap<string, number>): Counter<L> {
    const collect = { collect(this: Counter<L>) { this.reset(); fill((...given) => this.inc(...given), labels, read()); } };
    return this.once(name, () => new Counter<L>({ name, help, labelNames: [...labels], registers: [this.registry], ...collect }));
  }

  /** In Prometheus' text form. */
  text(): Promise<string> {
    return this.writtenBy(new Registry());
  }

  /** In OpenMetrics' form, which has the examples too. */
  openMetrics(): Promise<string> {
    const form = new Registry<OpenMetricsContentType>();
    form.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    return this.writtenBy(form);
  }

  /** From a copy: in OpenMetrics' form the library takes `_total` off the names of counters, for good. */
  private async writtenBy(form: Registry<PrometheusContentType> | Registry<OpenMetricsContentType>): Promise<string> {
    for (const metric of await this.registry.getMetricsAsJSON()) {
      // To write a metric, the library asks no more of it than this.
      form.registerMetric(Object.assign(metric, { get: async () => metric }) as unknown as Metric);
    }
    return form.metrics();
  }

  private once<M>(name: string, make: () => M): M {
    // The registry knows metrics by name alone; a name stands for one type of metric.
    return (this.registry.getSingleMetric(name) as M | undefined) ?? make();
  }
}

type Put<L extends string> = (...given: [labels: Record<L, string>, value: number]) => void;

function fill<L extends string>(put: Put<L>, [label]: readonly L[], read: number | ReadonlyMap<string, number>): void {
  // The compiler does not see that no label, or a computed key of type L, makes a record of L.
  if (typeof read === 'number') return put({} as Record<L, string>, read);
  invariant(label !== undefined, 'values by name need a label for the names');
  for (const [name, value] of read) put({ [label]: name } as Record<L, string>, value);
}
