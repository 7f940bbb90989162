import { metricName, type SeriesLabels } from "./remote-write.ts";
import type { Peer } from "./servers.ts";

export interface ImportedSeries {
  readonly counter: string;
  readonly labels: SeriesLabels;
  readonly values: ArrayLike<number>;
  readonly timestamps: readonly number[];
}

/** Writes whole series by VictoriaMetrics' own import, a line of JSON for each. */
export async function importSeries({ port }: Peer, series: readonly ImportedSeries[]): Promise<void> {
  const lines = series.map(({ counter, labels, values, timestamps }) =>
    JSON.stringify({
      metric: { __name__: metricName(counter), ...labels },
      values: Array.from(values),
      timestamps,
    }),
  );
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/import`, {
    method: "POST",
    body: lines.join("\n"),
  });
  if (!response.ok) throw new Error(`VictoriaMetrics, import: ${response.status} ${await response.text()}`);
}
