import { ALL_HOSTS } from "../../detect/episodes/grouping.ts";
import type { Fleet } from "../../store/fleet-view.ts";
import type { Labels } from "../../store/labels/effective.ts";

/**
 * The role of a host: what hosts that do the same work have in common; null where no label says it.
 *
 * @param roleLabels names of labels; the first that the host has is its role
 */
export function roleOf(labels: Labels, roleLabels: readonly string[]): string | null {
  for (const name of roleLabels) {
    const value = labels[name];
    if (value !== undefined && value !== "") return value;
  }
  return null;
}

/** How many hosts each role has, and under `*` how many there are; those that left are of none. */
export function roleSizes(
  { hosts }: Pick<Fleet, "hosts">,
  roleLabels: readonly string[],
): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  const count = (name: string) => sizes.set(name, (sizes.get(name) ?? 0) + 1);
  for (const { labels, status } of hosts) {
    if (status === "LEFT") continue;
    count(ALL_HOSTS);
    const role = roleOf(labels, roleLabels);
    if (role !== null) count(role);
  }
  return sizes;
}
