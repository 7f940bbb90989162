import { bootBegan, type Snapshot } from "./snapshot.ts";

/** No rate is told of an interval longer than this many of the snapshot's own intervals ... */
const STALE_INTERVALS = 2.5;
/** ... but of any up to this. */
const STALE_FLOOR_MS = 30_000;
/** A predecessor older than this is none: the increase is unknown, and shown as a gap. */
export const PREDECESSOR_MAX_MS = 24 * 3_600_000;

/**
 * What lies between a snapshot and the one before it, and so what its increases mean.
 *
 * - `interval`: the increase is the difference. `rated` is false when the interval is longer than the
 *   staleness: it counts, and no rate or detector may use it.
 * - `sinceBoot`: the first snapshot of a new boot. Every value has grown from 0 since the boot; no rate.
 * - `fromZero`: the first snapshot of a namespace born under the agent's eyes. Grown from 0 over its age.
 * - `baseline`: nothing can be said of the increase. The next snapshot is measured from here.
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
  | { readonly kind: "baseline"; readonly reason: "first" | "out_of_order" }
  | { readonly kind: "baseline"; readonly reason: "gap"; readonly previous: Snapshot };

/** The longest interval that a rate may span, in ms. */
export function stalenessMs(everyMs: number): number {
  return Math.max(everyMs * STALE_INTERVALS, STALE_FLOOR_MS);
}

/**
 * Names the interval that ends at a snapshot, from the snapshots before it in the same namespace.
 *
 * @param previous the newest earlier snapshot of the same epoch, null when there is none
 * @param earlier the newest earlier snapshot of any epoch, null when there is none
 */
export function intervalOf(next: Snapshot, previous: Snapshot | null, earlier: Snapshot | null): Interval {
  if (previous !== null) {
    const elapsedMs = next.uptimeMs - previous.uptimeMs;
    // Within an epoch time and uptime grow together; an agent that breaks this promise gets no increase
    // from it, rather than a rate over a wrong or negative time.
    if (elapsedMs <= 0) return { kind: "baseline", reason: "out_of_order" };
    if (next.at - previous.at > PREDECESSOR_MAX_MS) return { kind: "baseline", reason: "gap", previous };
    return { kind: "interval", previous, elapsedMs, rated: elapsedMs <= stalenessMs(next.everyMs) };
  }
  if (next.bornUptimeMs !== null) {
    // No older than a predecessor may be, whatever a sender claims: the times of a shard are added up.
    const ageMs = Math.min(next.uptimeMs - next.bornUptimeMs, PREDECESSOR_MAX_MS);
    return { kind: "fromZero", elapsedMs: Math.max(1, ageMs) };
  }
  // A boot that began after all that was seen of every other one: a restart of the machine. A boot that
  // began before is a clone's, or one whose agent lost its timekeeping; its past may be counted already.
  const restarted =
    next.epoch.number === 0 &&
    earlier !== null &&
    earlier.epoch.bootId !== next.epoch.bootId &&
    bootBegan(next) > earlier.at;
  return restarted ? { kind: "sinceBoot" } : { kind: "baseline", reason: "first" };
}
