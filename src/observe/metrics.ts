// Metrics in Prometheus' text form. The only file that knows prom-client; loaded by roles that serve metrics, not by `up`.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Values of a fixed, small set: never a user or a query, and the name of a runtime only where it is counted by. */
export type Labels<L extends string> = Readonly<Record<L, string>>;

export interface Metrics {
  counter<L extends string>(name: string, help: string, labels: readonly L[]): (labels: Labels<L>, by?: number) => void;
  /** Seconds, by custom of the field. */
  histogram<L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
    buckets: readonly number[],
  ): (labels: Labels<L>, seconds: number) => void;
  /** `read` is called at each scrape; what it does not name any more is no longer told. */
  gauge<L extends string>(name: string, help: string, labels: readonly L[], read: () => Iterable<readonly [Labels<L>, number]>): void;
  readonly contentType: string;
  render(): Promise<string>;
}

/** With the metrics of the process itself (nodejs_*, process_*). */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    counter(name, help, labelNames) {
      const counter = new Counter({ name, help, labelNames, registers });
      return (labels, by = 1) => counter.inc({ ...labels }, by);
    },
    histogram(name, help, labelNames, buckets) {
      const histogram = new Histogram({ name, help, labelNames, buckets: [...buckets], registers });
      return (labels, seconds) => histogram.observe({ ...labels }, seconds);
    },
    gauge(name, help, labelNames, read) {
      // The registry keeps it.
      void new Gauge({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          for (const [labels, value] of read()) this.set({ ...labels }, value);
        },
      });
    },
    contentType: registry.contentType,
    render: () => registry.metrics(),
  };
}
