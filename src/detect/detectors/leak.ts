import type { Flag } from "../flag.ts";
import { percent, plain, span } from "../words.ts";

const HOURS = 6;
const RISE_SHARE = 0.2;
const RISE_MIN = 50;
const FLAT_Z = 3;
const HOUR_MS = 3_600_000;

/**
 * The slow leak: the hourly minima of open connections have risen for six hours running, by 20 % and by 50, while
 * no more connections came than usual. What is opened and never closed lifts the minimum; a busy hour lifts only
 * the peak.
 *
 * @param minima lowest TcpCurrEstab of each hour, the newest last; null for an hour that nothing is known of
 * @param to the end of the last of these hours, ms since 1970
 * @param arrivalsZ the residual of PassiveOpens over these hours; null while no baseline is mature
 */
export function judgeLeak(
  minima: readonly (number | null)[],
  to: number,
  arrivalsZ: number | null,
): Flag | null {
  const last = minima.slice(-HOURS);
  if (last.length < HOURS || (arrivalsZ !== null && Math.abs(arrivalsZ) >= FLAT_Z)) return null;
  const rises = last.every((value, hour) => {
    if (value === null) return false;
    const before = last[hour - 1];
    return before === undefined || (before !== null && value > before);
  });
  if (!rises) return null;
  const first = last[0] as number;
  const now = last.at(-1) as number;
  const rise = now - first;
  const least = Math.max(RISE_MIN, RISE_SHARE * first);
  if (rise < least) return null;
  const share = first === 0 ? "" : `, by ${percent(rise / first)}`;
  return {
    detector: "leak",
    series: "TcpCurrEstab",
    from: to - HOURS * HOUR_MS,
    to,
    observed: now,
    expected: first,
    low: 0,
    high: first + least,
    z: (FLAT_Z * rise) / least,
    share: null,
    text: `The fewest connections open at once rose in each of the last ${span(HOURS * HOUR_MS)}, from ${plain(first)} to ${plain(now)}${share}, and no more came than usual: connections are opened and not closed.`,
  };
}
