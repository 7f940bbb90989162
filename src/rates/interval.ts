import { BOOT_TIME, bootBegan, type Snapshot, START_TIME, saidTime } from "./snapshot.ts";

/** No rate is told of an interval longer than this many of the snapshot's own intervals ... */
const STALE_INTERVALS = 2.5;
/** ... but of any up to this. */
const STALE_FLOOR_MS = 30_000;
/**
 * A snapshot says something of another one's increase up to this age; what is older is as good as gone, and may be:
 * so an increase is the same whatever retention has dropped meanwhile. A pause that is longer is shown as a gap.
 */
export const PREDECESSOR_MAX_MS = 24 * 3_600_000;
/** The time of one boot may be told so much later where the host's clock drifts: it is told in whole seconds. */
const DRIFT_MS = 1_000;

/**
 * What lies between a snapshot and the one before it, and so what its increases mean.
 *
 * - `interval`: the increase is the difference. `rated` is false when the interval is longer than the
 *   staleness: it counts, and no rate or detector may use it.
 * - `sinceBoot`: the first snapshot of a new boot. Every value has grown from 0 since the boot; no rate.
 * - `fromZero`: the first snapshot of a namespace born under the agent's eyes. Grown from 0 over its age.
 * - `baseline`: nothing can be said of the increase. The next snapshot is measured from here. `rebooted` is the first
 *   of a boot that began more than a day after the last snapshot before it: told from `first`, and from `gap`, for
 *   those who are shown the pause only.
 */
export type Interval =
  | {
      readonly kind: "interval";
      readonly previous: Snapshot;
      readonly elapsedMs: number;
      readonly rated: boolean;
    }
  | { readonly kind: "sinceBoot" }
  | { readonly kind: "fromZero"; readonly elapsedMs: number }
  | { readonly kind: "baseline"; readonly reason: "first" | "rebooted" | "out_of_order" }
  | { readonly kind: "baseline"; readonly reason: "gap"; readonly previous: Snapshot };

/** The longest interval that a rate may span, in ms. */
export function stalenessMs(everyMs: number): number {
  return Math.max(everyMs * STALE_INTERVALS, STALE_FLOOR_MS);
}

/**
 * Names the interval that ends at a snapshot, from the snapshots before it in the same namespace.
 *
 * @param previous the newest earlier snapshot of the same epoch, null when there is none; one that is older than
 *   PREDECESSOR_MAX_MS may be given or not, and changes no increase
 * @param earlier the newest earlier snapshot of any epoch, likewise
 */
export function intervalOf(next: Snapshot, previous: Snapshot | null, earlier: Snapshot | null): Interval {
  if (previous !== null && isNear(previous, next)) {
    if (restartedBetween(previous, next)) return { kind: "sinceBoot" };
    const elapsedMs = next.uptimeMs - previous.uptimeMs;
    // Within an epoch time and uptime grow together; an agent that breaks this promise gets no increase
    // from it, rather than a rate over a wrong or negative time.
    if (elapsedMs <= 0) return { kind: "baseline", reason: "out_of_order" };
    return { kind: "interval", previous, elapsedMs, rated: elapsedMs <= stalenessMs(next.everyMs) };
  }
  if (next.bornUptimeMs !== null) {
    // No older than a predecessor may be, whatever a sender claims: the times of a shard are added up.
    const ageMs = Math.min(next.uptimeMs - next.bornUptimeMs, PREDECESSOR_MAX_MS);
    return { kind: "fromZero", elapsedMs: Math.max(1, ageMs) };
  }
  if (earlier !== null && isRestart(earlier, next)) {
    return isNear(earlier, next) ? { kind: "sinceBoot" } : { kind: "baseline", reason: "rebooted" };
  }
  return previous === null
    ? { kind: "baseline", reason: "first" }
    : { kind: "baseline", reason: "gap", previous };
}

function isNear(before: Snapshot, next: Snapshot): boolean {
  return next.at - before.at <= PREDECESSOR_MAX_MS;
}

/**
 * What comes from a sender that knows no boots has one epoch for all time. A restart is told by the time of the boot where
 * both snapshots have it, whatever is said of counters: these may seem to begin with whoever reads them.
 */
function restartedBetween(previous: Snapshot, next: Snapshot): boolean {
  return beganBetween(BOOT_TIME, previous, next) ?? beganBetween(START_TIME, previous, next) ?? false;
}

/**
 * Another time between the two says that counters began anew; one that changed to before the first is a clock's that was
 * set. A time that the first said already, though it lay ahead, is no other: that clock is ahead.
 *
 * @returns null where one of them does not say it
 */
function beganBetween(mark: number, previous: Snapshot, next: Snapshot): boolean | null {
  const began = saidTime(next, mark);
  const before = began === null ? null : saidTime(previous, mark);
  if (began === null || before === null) return null;
  return Math.abs(began - before) > DRIFT_MS && began > previous.at && began <= next.at;
}

/**
 * A boot that began after all that was seen of every other one: a restart of the machine. A boot that began before
 * is a clone's, or one whose agent lost its timekeeping; its past may be counted already. One that begins with the
 * snapshot itself says that nobody knows when the counters began.
 */
function isRestart(earlier: Snapshot, next: Snapshot): boolean {
  return (
    next.epoch.number === 0 &&
    next.uptimeMs > 0 &&
    earlier.epoch.bootId !== next.epoch.bootId &&
    bootBegan(next) > earlier.at
  );
}
