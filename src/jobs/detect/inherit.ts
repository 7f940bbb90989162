import { type Donor, inheritBaselines } from "../../detect/baseline/inherit.ts";
import type { ShardBaselines } from "../../detect/baseline/shard-baselines.ts";
import type { ShardMinute } from "../../detect/columns.ts";
import { DONORS_MAX } from "./donors.ts";

/** The role of the namespace at a position; null for one without. */
type RoleAt = (position: number) => string | null;

/** The roles of those that report for the first time in these minutes. */
export function rolesOfNewcomers(
  baselines: ShardBaselines,
  minutes: readonly ShardMinute[],
  roleAt: RoleAt,
): ReadonlySet<string> {
  const roles = minutes.flatMap((minute) =>
    newcomersOf(baselines, minute).flatMap((position) => roleAt(position) ?? []),
  );
  return new Set(roles);
}

/**
 * Gives those that report for the first time what others of their role have learned, so that they are judged by it on
 * their first day: others in the shard, or in another one where there are none that have learned enough.
 *
 * @param elsewhere donors in other shards, by role
 */
export function inheritFirst(
  baselines: ShardBaselines,
  minute: ShardMinute,
  roleAt: RoleAt,
  elsewhere: ReadonlyMap<string, readonly Donor[]>,
): void {
  let donors: Map<string, Donor[]> | null = null;
  for (const position of newcomersOf(baselines, minute)) {
    const role = roleAt(position);
    if (role === null) continue;
    donors ??= donorsByRole(baselines, roleAt);
    const isGiven = inheritBaselines(baselines, position, donors.get(role) ?? []);
    if (!isGiven) inheritBaselines(baselines, position, elsewhere.get(role) ?? []);
  }
}

function newcomersOf({ lastMinute }: ShardBaselines, { ratedMs }: ShardMinute): number[] {
  return [...ratedMs.keys()].filter(
    (position) => (ratedMs[position] as number) > 0 && lastMinute[position] === 0,
  );
}

function donorsByRole(shard: ShardBaselines, roleAt: RoleAt): Map<string, Donor[]> {
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
