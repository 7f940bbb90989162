/** An attribute of a resource or of a point; its value as a text. */
export type Attribute = readonly [key: string, value: string];

/** What the collector's receiver of Prometheus makes of a target's labels, and what names a host in OpenTelemetry. */
const NAMES: Readonly<Record<string, string>> = {
  "service.instance.id": "instance",
  "service.name": "job",
  "host.name": "host",
};
/** How the target is reached, which says nothing of it. */
const OF_THE_WAY = /^(server|url|net|http|telemetry)\./;

/**
 * The labels that Prometheus would have for a point, without its metric's name: the attributes of its resource, and above
 * them its own.
 *
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
export function labelsOf(
  resource: readonly Attribute[],
  point: readonly Attribute[],
): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const [key, value] of [...resource, ...point]) {
    if (!OF_THE_WAY.test(key)) labels.set(NAMES[key] ?? key.replaceAll(/[^a-zA-Z0-9_]/g, "_"), value);
  }
  return labels;
}
