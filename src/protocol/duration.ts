const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds of a span of time such as `500ms`, `30s`, `1.5m`, `2h`, `7d`, `4w`; null for anything else. */
export function parseDuration(text: string): number | null {
  const match = /^([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h|d|w)$/.exec(text);
  const unit = UNIT_MS[match?.[2] ?? ""];
  if (match === null || unit === undefined) return null;
  return Math.round(Number(match[1]) * unit);
}

/** A span of time in its largest unit that divides it: `90s`, `1h`, `7d`. */
export function formatDuration(ms: number): string {
  for (const [unit, size] of Object.entries(UNIT_MS).reverse()) {
    // Weeks are understood but not written: "30d" reads better than "4.3w" beside "28d".
    if (unit !== "w" && ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}
