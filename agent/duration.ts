const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration such as `500ms`, `10s`, `1.5m`; null for anything else. */
export function parseDuration(text: string): number | null {
  const match = /^([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h)$/.exec(text);
  const unit = UNIT_MS[match?.[2] ?? ""];
  if (match === null || unit === undefined) return null;
  return Math.round(Number(match[1]) * unit);
}

/** A duration as a person writes it: `500ms`, `10s`, `1m`. */
export function formatDuration(ms: number): string {
  if (ms >= 60_000 && ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms < 1_000 ? `${Math.round(ms)}ms` : `${Math.round(ms / 100) / 10}s`;
}
