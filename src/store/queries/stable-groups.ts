import type { Fleet } from "../fleet-view.ts";
import { type Groups, groupNamespaces, type LabelsOverTime } from "./groups.ts";

/** Groups by their labels' names, for as long as what they follow from is the same (`Fleet.facts`). */
const kept = new WeakMap<object, Map<string, Groups | null>>();
/** Sets of names whose groups are kept at once. */
const KEPT_MAX = 20;

const ALL_TIME = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };

/**
 * The groups of all namespaces by labels, where none has ever gone over to another one, so that they are the same
 * over any range; null where one has. Found once and kept: to look at ten thousand hosts costs more than to answer
 * most questions about them.
 */
export async function stableGroups(
  fleet: Fleet,
  names: readonly string[],
  labelsOver: () => Promise<LabelsOverTime>,
): Promise<Groups | null> {
  const known = kept.get(fleet.facts) ?? new Map<string, Groups | null>();
  kept.set(fleet.facts, known);
  const key = JSON.stringify(names);
  const found = known.get(key);
  if (found !== undefined) return found;
  const groups = groupNamespaces(fleet, fleet.hosts, names, ALL_TIME, await labelsOver());
  const stable = groups.changes.length === 0 ? groups : null;
  if (known.size >= KEPT_MAX) known.clear();
  known.set(key, stable);
  return stable;
}
