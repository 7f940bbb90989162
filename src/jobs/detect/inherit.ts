import { type Donor, inheritBaselines } from "../../detect/baseline/inherit.ts";
import type { ShardBaselines } from "../../detect/baseline/shard-baselines.ts";
import type { ShardMinute } from "../../detect/columns.ts";

/** The middle of so many is the middle of all of them. */
const DONORS_MAX = 25;

/**
 * Gives those that report for the first time what others of their role in the shard have learned, so that they are
 * judged by it on their first day.
 *
 * @param roleAt the role of the namespace at a position; null for one without
 */
export function inheritFirst(
  baselines: ShardBaselines,
  minute: ShardMinute,
  roleAt: (position: number) => string | null,
): void {
  let donors: Map<string, Donor[]> | null = null;
  for (const [position, ratedMs] of minute.ratedMs.entries()) {
    if (ratedMs <= 0 || baselines.lastMinute[position] !== 0) continue;
    const role = roleAt(position);
    if (role === null) continue;
    donors ??= donorsByRole(baselines, roleAt);
    inheritBaselines(baselines, position, donors.get(role) ?? []);
  }
}

function donorsByRole(
  shard: ShardBaselines,
  roleAt: (position: number) => string | null,
): Map<string, Donor[]> {
  const donors = new Map<string, Donor[]>();
  for (const [position, lastMinute] of shard.lastMinute.entries()) {
    const role = lastMinute === 0 ? null : roleAt(position);
    if (role === null) continue;
    const own = donors.get(role) ?? [];
    donors.set(role, own);
    if (own.length < DONORS_MAX) own.push({ shard, position });
  }
  return donors;
}
