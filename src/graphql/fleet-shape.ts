import { SpillwayError } from "../errors.ts";
import { formatDuration } from "../protocol/duration.ts";
import type { HostRecord } from "../store/directory.ts";
import type { Fleet as FleetData } from "../store/fleet-view.ts";
import { hostPredicate, type HostFilter as StoreFilter } from "../store/host-filter.ts";
import { currentLabels, type Groups, groupNamespaces, type Labels } from "../store/queries/groups.ts";
import { type Grid, gridOf, niceStep, type Range, requireValues } from "../store/queries/range.ts";
import { HOUR_MS, MINUTE_MS, minutesGone } from "../store/queries/resolution.ts";
import { stableGroups } from "../store/queries/stable-groups.ts";
import type { Context } from "./context.ts";
import { type HostFilterInput, storeFilter } from "./host-filter.ts";

/** Points of a series where no step is said. */
const POINTS_DEFAULT = 300;
/** Labels grouped by at once. */
const LABELS_MAX = 10;

/** The hosts that a question is about. */
export interface FleetShape {
  readonly all: FleetData;
  readonly hosts: readonly HostRecord[];
  /** False when every host is meant, which the cheaper queries need not look up one by one. */
  readonly filtered: boolean;
}

/** All hosts, or those that meet a filter. @throws BAD_REQUEST for a pattern that is none */
export async function fleetOf(
  context: Pick<Context, "fleet">,
  filter: HostFilterInput | null | undefined,
): Promise<FleetShape> {
  const all = await context.fleet.read();
  const wanted: StoreFilter = storeFilter(filter);
  const filtered = Object.values(wanted).some((condition) => condition != null);
  const hosts = filtered ? all.hosts.filter(hostPredicate(wanted)) : all.hosts;
  return { all, hosts, filtered };
}

/** The minutes that a range touches: the finest that a fleet is kept at. */
export function wholeMinutesOf({ from, to }: Range): Range {
  return { from: Math.floor(from / MINUTE_MS) * MINUTE_MS, to: Math.ceil(to / MINUTE_MS) * MINUTE_MS };
}

/**
 * The steps of a fleet's series over a range.
 *
 * @throws BAD_REQUEST for a step that cuts minutes; LIMIT_EXCEEDED for too many points
 */
export async function fleetGrid(
  context: Pick<Context, "db" | "system" | "now">,
  range: Range,
  stepMs: number | null | undefined,
  points = POINTS_DEFAULT,
): Promise<Grid> {
  return gridOf(range, wholeMinutes(stepMs ?? niceStep(range, points, await finestKept(context, range))));
}

/** What the rollups of a range are kept at, in ms: an hour where it begins before the minutes that are kept. */
export async function finestKept(
  { db, system, now }: Pick<Context, "db" | "system" | "now">,
  range: Range,
): Promise<number> {
  // Minutes are kept for no less than snapshots are.
  const isOld = range.from < now() - system.rawRetentionMs;
  return isOld && (await minutesGone(db, range)) ? HOUR_MS : MINUTE_MS;
}

/** @throws BAD_REQUEST for a step that cuts minutes */
export function wholeMinutes(stepMs: number): number {
  if (stepMs % MINUTE_MS === 0) return stepMs;
  throw new SpillwayError(
    "BAD_REQUEST",
    `a step of ${formatDuration(stepMs)} cuts minutes, the finest that a fleet is kept at: ask for 1m or more, ` +
      "or for the `rates` of one host",
  );
}

export interface AskedGroups {
  /** Of each series, in the order of a query's answers. */
  readonly labels: readonly Labels[];
  /** What a query takes: null where every namespace there is goes into one series. */
  readonly groups: Groups | null;
}

/**
 * The namespaces of the hosts by labels, as they were over the range.
 *
 * @throws LIMIT_EXCEEDED for more labels or values than are given at once
 */
export async function askedGroups(
  context: Context,
  { all, hosts, filtered }: FleetShape,
  names: readonly string[] | null | undefined,
  range: Range,
  grid: Grid | null,
): Promise<AskedGroups> {
  const by = [...new Set(names ?? [])];
  if (by.length > LABELS_MAX) {
    throw new SpillwayError(
      "LIMIT_EXCEEDED",
      `${by.length} labels to group by; at most ${LABELS_MAX} are taken at once`,
    );
  }
  const groups = await groupsOf(context, { all, hosts, filtered }, by, range);
  const labels = groups?.labels ?? [{}];
  if (grid !== null) {
    requireValues(labels.length, range, grid);
    context.budget.takeValues(labels.length * grid.length);
  }
  return { labels, groups };
}

/** Null for everything in one series: that needs no look at each host, of which there may be ten thousand. */
async function groupsOf(
  context: Context,
  { all, hosts, filtered }: FleetShape,
  names: readonly string[],
  range: Range,
): Promise<Groups | null> {
  if (names.length === 0) return filtered ? groupNamespaces(all, hosts, names, range, currentLabels) : null;
  const labelsOver = async () => (await context.labelsOver?.()) ?? currentLabels;
  const stable = filtered ? null : await stableGroups(all, names, labelsOver);
  return stable ?? groupNamespaces(all, hosts, names, range, await labelsOver());
}
