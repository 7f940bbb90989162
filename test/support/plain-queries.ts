/** What a fleet is asked, answered from the raw snapshots: slow, plain, and sharing no code with src/store/queries. */
import type { FleetSnapshot } from "./stored-fleet.ts";

const MINUTE = 60_000;
const DAY = 24 * 3_600_000;

export type PlainMeasure = "RATE" | "INCREASE" | "AFFECTED" | "PEAK" | "LAST";

export interface PlainQuery {
  readonly counter: string;
  readonly measure: PlainMeasure;
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly stepMs: number;
  readonly length: number;
  /** The group of a namespace in a minute; null leaves it out. */
  readonly groupOf: (namespaceId: number, minute: number) => string | null;
  /** For LAST: the hour of a minute that is known by its hour alone; all minutes are known where this is left out. */
  readonly bucketOf?: (minute: number) => number;
}

/** What a counter of a namespace did up to one snapshot. */
export interface Grown {
  readonly snapshot: FleetSnapshot;
  readonly minute: number;
  readonly value: bigint;
  readonly rated: bigint;
  readonly coveredMs: number;
}

/** The increases of a counter up to each snapshot, whatever the order of these. */
export function grownBy(snapshots: readonly FleetSnapshot[], counter: string): Grown[] {
  const all: Grown[] = [];
  for (const own of byNamespace(snapshots).values()) {
    own.forEach((snapshot, index) => {
      const earlier = own.slice(0, index);
      const before = earlier.findLast((one) => one.boot === snapshot.boot && one.epoch === snapshot.epoch);
      const minute = Math.floor(snapshot.at / MINUTE) * MINUTE;
      const now = snapshot.values[counter] ?? 0n;
      let [value, rated, coveredMs] = [0n, 0n, 0];
      if (before === undefined) {
        const last = earlier.at(-1);
        const restarted = last !== undefined && last.boot !== snapshot.boot && snapshot.epoch === 0;
        if (restarted && snapshot.at - snapshot.uptimeMs > last.at) value = now;
      } else if (snapshot.at - before.at <= DAY) {
        const elapsed = snapshot.uptimeMs - before.uptimeMs;
        value = now - (before.values[counter] ?? 0n);
        if (elapsed <= Math.max(30_000, 2.5 * snapshot.everyMs)) [rated, coveredMs] = [value, elapsed];
      }
      all.push({ snapshot, minute, value, rated, coveredMs });
    });
  }
  return all;
}

interface NamespaceStep {
  readonly hostId: number;
  /** Of a container: how long its host's root was covered while the container was in the group. */
  readonly hostMs: number;
  value: bigint;
  rated: bigint;
  coveredMs: number;
}

function isContainer(namespaceId: number): boolean {
  return namespaceId >= 2 ** 30;
}

/** By group: a value for each step, and the exact increase over the range. */
export function plainTrend(
  snapshots: readonly FleetSnapshot[],
  query: PlainQuery,
): Map<string, { values: (number | null)[]; total: bigint }> {
  const { counter, measure, from, to, start, stepMs, length, groupOf } = query;
  if (measure === "LAST") return plainGauge(snapshots, query);
  const steps = new Map<string, Map<number, NamespaceStep>[]>();
  const totals = new Map<string, bigint>();
  const all = grownBy(snapshots, counter).filter(({ minute }) => minute >= from && minute < to);
  for (const { snapshot, minute, value, rated, coveredMs } of all) {
    const group = groupOf(snapshot.namespaceId, minute);
    if (group === null) continue;
    const own = steps.get(group) ?? Array.from({ length }, () => new Map<number, NamespaceStep>());
    steps.set(group, own);
    const place = Math.floor((minute - start) / stepMs);
    const step = own[place];
    if (step === undefined) throw new Error("a minute of the range lies in no step");
    const sum = step.get(snapshot.namespaceId) ?? {
      hostId: snapshot.hostId,
      hostMs: isContainer(snapshot.namespaceId)
        ? all
            .filter(
              (one) => one.snapshot.hostId === snapshot.hostId && !isContainer(one.snapshot.namespaceId),
            )
            .filter((one) => groupOf(one.snapshot.namespaceId, one.minute) !== null)
            .filter((one) => Math.floor((one.minute - start) / stepMs) === place)
            .filter((one) => groupOf(snapshot.namespaceId, one.minute) === group)
            .reduce((sum, one) => sum + one.coveredMs, 0)
        : 0,
      value: 0n,
      rated: 0n,
      coveredMs: 0,
    };
    step.set(snapshot.namespaceId, sum);
    sum.value += value;
    sum.rated += rated;
    sum.coveredMs += coveredMs;
    totals.set(group, (totals.get(group) ?? 0n) + value);
  }
  return new Map(
    [...steps].map(([group, own]) => [
      group,
      { values: own.map((step) => measured([...step.values()], measure)), total: totals.get(group) ?? 0n },
    ]),
  );
}

function measured(namespaces: readonly NamespaceStep[], measure: PlainMeasure): number | null {
  if (namespaces.length === 0) return null;
  switch (measure) {
    case "RATE": {
      const covered = namespaces.filter(({ coveredMs }) => coveredMs > 0);
      if (covered.length === 0) return null;
      return covered.reduce(
        (sum, one) => sum + (Number(one.rated) * 1000) / Math.max(one.coveredMs, one.hostMs),
        0,
      );
    }
    case "INCREASE":
      return Number(namespaces.reduce((sum, { value }) => sum + value, 0n));
    case "AFFECTED":
      return new Set(namespaces.filter(({ value }) => value > 0n).map(({ hostId }) => hostId)).size;
    case "PEAK":
      return Number(namespaces.map(({ value }) => value).sort((a, b) => (a < b ? 1 : -1))[0]);
    case "LAST":
      return null;
  }
}

/** The sum of each namespace's last value in a step; it counts in the group that it was in then. */
function plainGauge(
  snapshots: readonly FleetSnapshot[],
  { counter, from, to, start, stepMs, length, groupOf, bucketOf = (minute) => minute }: PlainQuery,
): Map<string, { values: (number | null)[]; total: bigint }> {
  const bucketOfLast = (one: FleetSnapshot) => bucketOf(Math.floor(one.at / MINUTE) * MINUTE);
  /** By host and step: the last bucket in which the root showed a value; roots come first. */
  const rootLast = new Map<string, number>();
  const found = new Map<string, { values: (number | null)[]; total: bigint }>();
  const namespaces = [...byNamespace(snapshots)].sort(([a], [b]) => a - b);
  for (const [, own] of namespaces) {
    const last = new Map<number, FleetSnapshot>();
    for (const snapshot of own) {
      const minute = Math.floor(snapshot.at / MINUTE) * MINUTE;
      if (minute >= from && minute < to) last.set(Math.floor((minute - start) / stepMs), snapshot);
    }
    for (const [step, snapshot] of last) {
      const group = groupOf(snapshot.namespaceId, Math.floor(snapshot.at / MINUTE) * MINUTE);
      const value = snapshot.values[counter];
      if (group === null || value === undefined) continue;
      const key = `${snapshot.hostId} ${step}`;
      if (!isContainer(snapshot.namespaceId)) rootLast.set(key, bucketOfLast(snapshot));
      else if (bucketOfLast(snapshot) < (rootLast.get(key) ?? 0)) continue;
      const series = found.get(group) ?? { values: new Array<number | null>(length).fill(null), total: 0n };
      found.set(group, series);
      series.values[step] = (series.values[step] ?? 0) + Number(value);
    }
  }
  return found;
}

function byNamespace(snapshots: readonly FleetSnapshot[]): Map<number, FleetSnapshot[]> {
  const namespaces = new Map<number, FleetSnapshot[]>();
  for (const one of [...snapshots].sort((a, b) => a.at - b.at)) {
    const own = namespaces.get(one.namespaceId);
    if (own === undefined) namespaces.set(one.namespaceId, [one]);
    else own.push(one);
  }
  return namespaces;
}
