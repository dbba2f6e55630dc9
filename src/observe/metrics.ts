// Metrics in Prometheus' text form. The only file that knows prom-client; loaded by roles that serve metrics, not by `up`.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry, type Metric } from 'prom-client';
import type { Distribution } from './distribution.ts';

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
  /** For busy paths: somebody else counts, in plain numbers, and is asked at each scrape. */
  counted<L extends string>(name: string, help: string, labels: readonly L[], read: () => Iterable<readonly [Labels<L>, number]>): void;
  /** The same of durations. */
  measured(name: string, help: string, distribution: Distribution): void;
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
    counted(name, help, labelNames, read) {
      void new Counter({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          for (const [labels, value] of read()) this.inc({ ...labels }, value);
        },
      });
    },
    measured(name, help, distribution) {
      const get = (): object => {
        const { atMost, count, sumSeconds } = distribution.read();
        const buckets = [...atMost, ['+Inf', count] as const].map(([le, value]) => ({
          metricName: `${name}_bucket`,
          labels: { le },
          value,
        }));
        const sums = [
          { metricName: `${name}_sum`, value: sumSeconds },
          { metricName: `${name}_count`, value: count },
        ];
        return { name, help, type: 'histogram', values: [...buckets, ...sums] };
      };
      // The library's own histograms cannot be told what was counted elsewhere. A registry asks no more of a metric than this.
      registry.registerMetric({ name, help, get } as unknown as Metric);
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
