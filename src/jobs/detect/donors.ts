import { decodeBaselines } from "../../detect/baseline/codec.ts";
import type { Donor } from "../../detect/baseline/inherit.ts";
import type { ShardBaselines } from "../../detect/baseline/shard-baselines.ts";
import type { Db } from "../../store/client.ts";
import { SHARD_SIZE } from "../../store/codec/positions.ts";
import { readBaselines } from "../../store/detect/state.ts";
import { FIRST_OTHER_NAMESPACE } from "../../store/directory.ts";
import type { Fleet } from "../../store/fleet-view.ts";
import { roleOf } from "./roles.ts";

/** The middle of so many is the middle of all of them. */
export const DONORS_MAX = 25;
/** Shards whose baselines are read for the newcomers of another: those with the most hosts of their roles. */
const SHARDS_MAX = 2;

export interface DonorsDeps {
  readonly tx: Db;
  readonly fleet: Pick<Fleet, "hosts" | "namespacesOf">;
  readonly roleLabels: readonly string[];
  /** The shard whose newcomers they are for: its own hosts are not among them. */
  readonly shard: number;
}

/**
 * Hosts of some roles in other shards, to inherit from: the newest shard of a fleet has newcomers alone for days, and
 * a host that is set up anew comes into it though its role has been known for years.
 *
 * @param roles of newcomers; without one nothing is read
 * @returns by role
 */
export async function donorsElsewhere(
  { tx, fleet, roleLabels, shard }: DonorsDeps,
  roles: ReadonlySet<string>,
): Promise<ReadonlyMap<string, readonly Donor[]>> {
  if (roles.size === 0) return new Map();
  const byShard = new Map<number, { role: string; position: number }[]>();
  for (const { id, labels } of fleet.hosts) {
    const role = roleOf(labels, roleLabels);
    if (role === null || !roles.has(role)) continue;
    for (const namespace of fleet.namespacesOf.get(id) ?? []) {
      const own = Math.floor(namespace.id / SHARD_SIZE);
      if (own === shard || namespace.id >= FIRST_OTHER_NAMESPACE) continue;
      const all = byShard.get(own) ?? [];
      byShard.set(own, all);
      all.push({ role, position: namespace.id % SHARD_SIZE });
    }
  }
  const largest = [...byShard].sort((a, b) => b[1].length - a[1].length || a[0] - b[0]).slice(0, SHARDS_MAX);
  const donors = new Map<string, Donor[]>();
  for (const [other, hosts] of largest) {
    const baselines = await baselinesOf(tx, other);
    if (baselines === null) continue;
    for (const { role, position } of hosts) {
      const all = donors.get(role) ?? [];
      donors.set(role, all);
      if (baselines.lastMinute[position] !== 0 && all.length < DONORS_MAX) {
        all.push({ shard: baselines, position });
      }
    }
  }
  return donors;
}

/** As that shard has written them; null for one that has none, or none that can be read: it says so itself. */
async function baselinesOf(tx: Db, shard: number): Promise<ShardBaselines | null> {
  const bytes = await readBaselines(tx, shard);
  if (bytes === null) return null;
  try {
    return decodeBaselines(bytes);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
