const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/**
 * Milliseconds of a duration as Prometheus writes it: units from the largest to the smallest, each once, as in `1h30m`;
 * or a number of seconds. Null for anything else, and for none at all.
 *
 * @see https://prometheus.io/docs/prometheus/latest/querying/basics/#float-literals-and-time-durations
 */
export function parsePromDuration(text: string): number | null {
  if (/^[0-9]{1,12}(\.[0-9]{1,6})?$/.test(text)) return positive(Math.round(Number(text) * 1_000));
  if (
    !/^([0-9]{1,12}y)?([0-9]{1,12}w)?([0-9]{1,12}d)?([0-9]{1,12}h)?([0-9]{1,12}m)?([0-9]{1,12}s)?([0-9]{1,12}ms)?$/.test(
      text,
    )
  )
    return null;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/([0-9]+)([a-z]+)/g))
    sum += Number(count) * (UNIT_MS[unit ?? ""] ?? 0);
  return positive(sum);
}

function positive(ms: number): number | null {
  return ms > 0 && Number.isSafeInteger(ms) ? ms : null;
}
