import type { Flag } from "../flag.ts";
import { span } from "../words.ts";

/** When a host was heard of, and what it said. */
export interface HostPresence {
  readonly hostId: number;
  /** ms since 1970, on the service's clock. */
  readonly lastSeen: number;
  /** The agent's interval. */
  readonly everyMs: number;
  /** Of the times between its pushes, where they are known. */
  readonly gapMeanMs?: number;
  readonly gapSdMs?: number;
  /** What it said when it ended, and when; null while it runs. */
  readonly goodbye: { readonly kind: "leaving" | "restarting"; readonly at: number } | null;
  /** Comes and goes by design (a label says so): its silence is no news. */
  readonly ephemeral?: boolean;
  /** It reports, and neither TcpInSegs nor TcpOutSegs moved: since when, ms since 1970; null when they do. */
  readonly stillSince?: number | null;
}

export interface Silence {
  readonly hostId: number;
  /** `late`: a warning. `silent` and `frozen`: something is wrong with it. */
  readonly state: "late" | "silent" | "frozen";
  readonly flag: Flag;
}

const LATE_INTERVALS = 3;
const LATE_SDS = 6;
const SILENT_MS = 90_000;
/** An agent that said it restarts has this long. */
const RESTART_MS = 600_000;
/** Longer than what is known late is of: a host stands still, too, while it has no network. */
const FROZEN_MS = 360_000;

/**
 * Hosts that are not heard of. One that said goodbye for good, or comes and goes by design, raises nothing; one
 * that said it restarts has ten minutes. An agent that pushes over TCP moves TcpInSegs and TcpOutSegs by doing
 * so: when these stand still, what it sends is not what the kernel counts.
 *
 * @param hosts all of the fleet
 * @param now ms since 1970
 */
export function judgeSilence(hosts: readonly HostPresence[], now: number): Silence[] {
  const found: Silence[] = [];
  for (const host of hosts) {
    if (host.ephemeral === true || host.goodbye?.kind === "leaving") continue;
    if (host.goodbye?.kind === "restarting" && now - host.goodbye.at < RESTART_MS) continue;
    const silence = judgeOne(host, now);
    if (silence !== null) found.push(silence);
  }
  return found;
}

/** When a host is late, in ms since it was heard of. */
function lateAfterMs({ everyMs, gapMeanMs, gapSdMs }: HostPresence): number {
  const usual = gapMeanMs === undefined || gapSdMs === undefined ? 0 : gapMeanMs + LATE_SDS * gapSdMs;
  return Math.max(LATE_INTERVALS * everyMs, usual);
}

function judgeOne(host: HostPresence, now: number): Silence | null {
  const { hostId, lastSeen, everyMs } = host;
  const ageMs = now - lastSeen;
  const lateAfter = lateAfterMs(host);
  if (ageMs > lateAfter) {
    const state = ageMs > Math.max(SILENT_MS, lateAfter) ? "silent" : "late";
    const text = `Nothing was heard of the host for ${span(ageMs)}; it reports every ${span(everyMs)}.`;
    return { hostId, state, flag: presenceFlag(lastSeen, now, ageMs, everyMs, lateAfter, text) };
  }
  const since = host.stillSince ?? null;
  if (since === null || lastSeen - since < FROZEN_MS) return null;
  const stillMs = lastSeen - since;
  const text = `The host reports, and for ${span(stillMs)} neither InSegs nor OutSegs moved, which its own pushes would move: its counters are not read anew.`;
  return { hostId, state: "frozen", flag: presenceFlag(since, now, stillMs, 0, FROZEN_MS, text) };
}

function presenceFlag(
  from: number,
  to: number,
  ageMs: number,
  usualMs: number,
  highMs: number,
  text: string,
): Flag {
  return {
    detector: "silence",
    series: "presence",
    from,
    to,
    observed: ageMs / 1000,
    expected: usualMs / 1000,
    low: 0,
    high: highMs / 1000,
    z: (LATE_SDS * ageMs) / highMs,
    share: null,
    text,
  };
}
