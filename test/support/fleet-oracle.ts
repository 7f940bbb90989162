/** What the rollups of a fleet have to say, in the form in which test/support/stored-rollups.ts reads the tables. */
import {
  type OracleGauge,
  type OracleSnapshot,
  oracleCoverage,
  oracleGauges,
  oracleListeners,
  oracleMinutes,
} from "./oracle.ts";

export interface NamespaceHistory {
  readonly namespaceId: number;
  readonly history: readonly OracleSnapshot[];
}

const MINUTE = 60_000;

/** @param bucketMs a minute or an hour */
export function expectedCounters(fleet: readonly NamespaceHistory[], bucketMs: number) {
  const sums = new Map<string, Record<number, [bigint, bigint]>>();
  for (const { namespaceId, history } of fleet) {
    for (const [key, { total, unrated }] of oracleMinutes(history)) {
      const row = rowOf(sums, keyIn(key, namespaceId, bucketMs));
      const [a, b] = row[namespaceId] ?? [0n, 0n];
      row[namespaceId] = [a + total, b + unrated];
    }
  }
  const covered = coveredByNamespace(fleet, bucketMs);
  return mapValues(sums, (row, key) => {
    const values = Object.values(row);
    const peak = values.map(([value]) => value).reduce(larger);
    return {
      rate: rateOf(row, covered.get(bucketOf(key))),
      total: String(values.reduce((sum, [value]) => sum + value, 0n)),
      unrated: String(values.reduce((sum, [, unrated]) => sum + unrated, 0n)),
      affected: values.length,
      peak: String(peak),
      positions: mapRecord(row, (pair) => pair.map(String)),
    };
  });
}

/** Per second, the namespaces added up; null where one of them reported with several layouts. */
function rateOf(
  row: Record<number, [bigint, bigint]>,
  covered: Record<number, number[]> = {},
): number | null {
  let rate = 0;
  for (const [namespaceId, [total, unrated]] of Object.entries(row)) {
    const [ms = 0, ...others] = covered[Number(namespaceId)] ?? [];
    if (others.length > 0) return null;
    if (ms > 0) rate += ((Number(total) - Number(unrated)) * 1000) / ms;
  }
  return rate;
}

/** By shard and bucket, the time that each namespace was covered, one number for each layout that it reported with. */
function coveredByNamespace(fleet: readonly NamespaceHistory[], bucketMs: number) {
  const covered = new Map<string, Record<number, number[]>>();
  for (const [key, { positions }] of expectedCoverage(fleet, bucketMs)) {
    const bucket = rowOf(covered, bucketOf(key));
    for (const [namespaceId, ms] of Object.entries(positions)) {
      bucket[Number(namespaceId)] = [...(bucket[Number(namespaceId)] ?? []), ms];
    }
  }
  return covered;
}

/** "shard bucket" of "shard name bucket". */
function bucketOf(key: string): string {
  const [shard, , bucket] = key.split(" ");
  return `${shard} ${bucket}`;
}

export function expectedCoverage(fleet: readonly NamespaceHistory[], bucketMs: number) {
  const sums = new Map<string, Record<number, number>>();
  const ratedMinutes = new Map<string, Record<number, number>>();
  for (const { namespaceId, history } of fleet) {
    for (const [key, ms] of oracleCoverage(history)) {
      const row = rowOf(sums, keyIn(key, namespaceId, bucketMs));
      row[namespaceId] = (row[namespaceId] ?? 0) + ms;
      const minutes = rowOf(ratedMinutes, keyIn(key, namespaceId, bucketMs));
      if (ms > 0) minutes[namespaceId] = (minutes[namespaceId] ?? 0) + 1;
    }
  }
  return mapValues(sums, (positions, key) => {
    const values = Object.values(positions);
    const minutes = Object.entries(ratedMinutes.get(key) ?? {});
    return {
      open: false,
      steady: minutes.flatMap(([id, count]) => (bucketMs > MINUTE && count === 60 ? [Number(id)] : [])),
      reporters: values.filter((ms) => ms > 0).length,
      coveredMs: values.reduce((sum, ms) => sum + ms, 0),
      positions,
    };
  });
}

export function expectedGauges(fleet: readonly NamespaceHistory[], bucketMs: number) {
  const sums = new Map<string, Record<number, OracleGauge>>();
  for (const { namespaceId, history } of fleet) {
    for (const [key, gauge] of oracleGauges(history)) {
      const row = rowOf(sums, keyIn(key, namespaceId, bucketMs));
      const { lowest, highest } = row[namespaceId] ?? gauge;
      row[namespaceId] = {
        last: gauge.last,
        lowest: -larger(-gauge.lowest, -lowest),
        highest: larger(gauge.highest, highest),
      };
    }
  }
  return mapValues(sums, (row) => ({
    reporters: Object.keys(row).length,
    last: String(Object.values(row).reduce((sum, { last }) => sum + last, 0n)),
    positions: mapRecord(row, ({ last, lowest, highest }) => [last, lowest, highest].map(String)),
  }));
}

export function expectedListeners(fleet: readonly NamespaceHistory[]) {
  return new Map(
    fleet.flatMap(({ namespaceId, history }) =>
      [...oracleListeners(history)].map(([key, minute]) => [`${namespaceId} ${key}`, minute] as const),
    ),
  );
}

/** From "name minute" to "shard name bucket". */
function keyIn(key: string, namespaceId: number, bucketMs: number): string {
  const [name, minute] = key.split(" ");
  const bucket = bucketMs === MINUTE ? Number(minute) : Math.floor(Number(minute) / bucketMs) * bucketMs;
  return `${namespaceId >> 8} ${name} ${bucket}`;
}

function larger(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

function rowOf<V>(map: Map<string, Record<number, V>>, key: string): Record<number, V> {
  const row = map.get(key) ?? {};
  map.set(key, row);
  return row;
}

function mapValues<V, W>(map: ReadonlyMap<string, V>, change: (value: V, key: string) => W): Map<string, W> {
  return new Map([...map].map(([key, value]) => [key, change(value, key)]));
}

function mapRecord<V, W>(record: Record<number, V>, change: (value: V) => W): Record<number, W> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
