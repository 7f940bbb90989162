import { milder, type Severity } from "./cause.ts";

/** The share of handshakes lost in one interval, and when it ended; null where none was attempted. */
export interface SharePoint {
  /** ms since 1970 */
  readonly to: number;
  readonly share: number | null;
}

const LARGE = 0.1;
const PLAIN = 0.01;
const SMALL = 0.001;
const LARGE_SNAPSHOTS = 2;
const LASTS_MS = 300_000;
/** Connections a minute below which a host alone is never worse than minor. */
const QUIET_PER_MINUTE = 1;

/**
 * How bad the loss is for clients: critical at 10 % in two snapshots running, or at 1 % for five minutes; major at
 * 1 %, minor at 0.1 %.
 *
 * @param points interval by interval, the newest last, for at least the last five minutes where they are known
 * @param usualPerMinute connections that are usual; null while nothing was learned
 */
export function lossSeverity(points: readonly SharePoint[], usualPerMinute: number | null): Severity {
  const severity = bySeverity(points);
  const isQuiet = usualPerMinute !== null && usualPerMinute < QUIET_PER_MINUTE;
  return isQuiet ? milder(severity, "MINOR") : severity;
}

function bySeverity(points: readonly SharePoint[]): Severity {
  const now = points.at(-1)?.share ?? 0;
  const last = points.slice(-LARGE_SNAPSHOTS);
  if (last.length === LARGE_SNAPSHOTS && last.every(({ share }) => (share ?? 0) >= LARGE)) return "CRITICAL";
  if (lastsFor(points, PLAIN) >= LASTS_MS) return "CRITICAL";
  if (now >= PLAIN) return "MAJOR";
  return now >= SMALL ? "MINOR" : "INFO";
}

/** For how long the share has been at least that, up to the newest interval, in ms. */
function lastsFor(points: readonly SharePoint[], least: number): number {
  const to = points.at(-1)?.to ?? 0;
  let since = to;
  for (let index = points.length - 1; index >= 0; index--) {
    const { share } = points[index] as SharePoint;
    if (share !== null && share < least) break;
    // The interval began where the one before it ended.
    since = points[index - 1]?.to ?? (points[index] as SharePoint).to;
  }
  return to - since;
}
