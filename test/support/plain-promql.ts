/** What PromQL asks, answered from the raw snapshots: slow, plain, and sharing no code with src/store/queries. */
import { type Grown, grownBy } from "./plain-queries.ts";
import type { FleetSnapshot } from "./stored-fleet.ts";

const MINUTE = 60_000;

export interface PlainWindow {
  readonly call: "rate" | "irate" | "increase";
  readonly counter: string;
  /** The time asked for, and the length of the window before it; ms. */
  readonly at: number;
  readonly windowMs: number;
  /** The labels of the series of a namespace, as one text. */
  readonly seriesOf: (namespaceId: number) => string;
  /** The group of a series. */
  readonly groupOf: (series: string) => string;
}

/** By group: its value; groups that have none are left out. */
export function plainWindow(
  snapshots: readonly FleetSnapshot[],
  { call, counter, at, windowMs, seriesOf, groupOf }: PlainWindow,
): Map<string, number> {
  const to = Math.floor(at / MINUTE) * MINUTE;
  const from = to - Math.ceil(windowMs / MINUTE) * MINUTE;
  const within = grownBy(snapshots, counter).filter(({ minute }) => minute >= from && minute < to);
  const values = new Map<string, number>();
  const add = (series: string, value: number) =>
    values.set(groupOf(series), (values.get(groupOf(series)) ?? 0) + value);
  for (const [series, own] of by(within, ({ snapshot }) => seriesOf(snapshot.namespaceId))) {
    if (call === "increase") add(series, Number(own.reduce((sum, { value }) => sum + value, 0n)));
    else {
      const rate = rateOf(own, call, call === "rate" ? hostMs(own, within) : 0);
      if (rate !== null) add(series, rate);
    }
  }
  return values;
}

/** How long the roots of the hosts of containers were covered. */
function hostMs(own: readonly Grown[], all: readonly Grown[]): number {
  const hosts = own.flatMap(({ snapshot }) => (snapshot.namespaceId < 2 ** 30 ? [] : [snapshot.hostId]));
  return all
    .filter(({ snapshot }) => snapshot.namespaceId < 2 ** 30 && hosts.includes(snapshot.hostId))
    .reduce((sum, { coveredMs }) => sum + coveredMs, 0);
}

/**
 * Of a series of one namespace, or of several that follow one another: what it grew by over the time that this took, or
 * that their host was covered.
 */
function rateOf(grown: readonly Grown[], call: "rate" | "irate", atLeastMs: number): number | null {
  const covered = grown.filter(({ coveredMs }) => coveredMs > 0);
  const last = Math.max(...covered.map(({ minute }) => minute));
  const counted = call === "rate" ? covered : covered.filter(({ minute }) => minute === last);
  if (counted.length === 0) return null;
  const rated = Number(counted.reduce((sum, one) => sum + one.rated, 0n));
  const ownMs = counted.reduce((sum, { coveredMs }) => sum + coveredMs, 0);
  return (rated * 1_000) / Math.max(ownMs, atLeastMs);
}

function by<T>(all: readonly T[], key: (one: T) => string): Map<string, T[]> {
  const parts = new Map<string, T[]>();
  for (const one of all) parts.set(key(one), [...(parts.get(key(one)) ?? []), one]);
  return parts;
}
