/** What both encodings of an `ExportMetricsServiceRequest` come to. */
import type { SampleSeries } from "../samples/series.ts";
import { type Attribute, labelsOf } from "./labels.ts";

/** A `NumberDataPoint`; times in ns since 1970. */
export interface NumberPoint {
  readonly attributes: readonly Attribute[];
  readonly startedAt: bigint;
  readonly at: bigint;
  readonly value: number | bigint;
  /** It says that there is no value. */
  readonly none: boolean;
}

export interface OtlpMetric {
  readonly name: string;
  /** Of a sum that counts from the last point and not from its start: such counts cannot be told apart from lost ones. */
  readonly delta: boolean;
  readonly points: readonly NumberPoint[];
  /** Points of histograms and summaries. */
  readonly others: number;
}

export interface OtlpResource {
  readonly attributes: readonly Attribute[];
  readonly metrics: readonly OtlpMetric[];
}

const NS_PER_MS = 1_000_000n;

/** Series of a request, one for each point; and the points of sums that cannot be taken, with why. */
export function seriesOf(resources: readonly OtlpResource[]): {
  readonly series: SampleSeries[];
  readonly deltas: number;
  readonly fault: string | null;
} {
  const series: SampleSeries[] = [];
  let deltas = 0;
  let fault: string | null = null;
  for (const { attributes, metrics } of resources) {
    const shared = labelsOf(attributes, []);
    for (const { name, delta, points, others } of metrics) {
      if (delta) {
        deltas += points.length;
        fault ??= `${name}: its temporality is delta; send cumulative sums`;
        continue;
      }
      for (const point of points) {
        const startedAt = Number(point.startedAt / NS_PER_MS);
        series.push({
          metric: name,
          labels: point.attributes.length === 0 ? shared : labelsOf(attributes, point.attributes),
          samples: [
            {
              at: Number(point.at / NS_PER_MS),
              value: point.value,
              stale: point.none,
              startedAt: startedAt === 0 ? null : startedAt,
            },
          ],
          others: 0,
        });
      }
      if (others > 0) series.push({ metric: name, labels: shared, samples: [], others });
    }
  }
  return { series, deltas, fault };
}
