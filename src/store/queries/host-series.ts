import { addCounts, type Count } from "../../protocol/count.ts";
import { positionsIn } from "../../rates/increases.ts";
import type { Db } from "../client.ts";
import { type NamespaceIncrease, readIncreases } from "../increases-reader.ts";
import type { SnapshotReader, SnapshotRecord } from "../snapshot-reader.ts";
import type { Grid, Range } from "./range.ts";

/** Times in ms since 1970. */
export interface HostSeries {
  /** Per second, the namespaces added up; null where no rate may be told. */
  readonly values: readonly (number | null)[];
  /** Exact increase over the range; null when the counter gave none to tell. */
  readonly total: Count | null;
  /** When the counters began anew: a restart of the machine, or another namespace under the same key. */
  readonly resets: readonly number[];
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
}

/** What namespaces did in a range, from their raw snapshots. */
export async function readHostIncreases(
  reader: SnapshotReader,
  db: Db,
  namespaceIds: readonly number[],
  range: Range,
): Promise<NamespaceIncrease[]> {
  const shards = [...new Set(namespaceIds.map((id) => id >> 8))];
  const records = await db.$queryRaw<SnapshotRecord[]>`
    SELECT namespace_id, date_part('epoch', at) * 1000 AS at, epoch_id, uptime_ms::float8 AS uptime_ms,
           every_ms, flags::int AS flags, layout_id, "values"
    FROM ts.snapshot
    WHERE shard = ANY(${shards}::int[]) AND namespace_id = ANY(${[...namespaceIds]}::int[])
      AND at > to_timestamp(${range.from / 1000}::float8) AND at <= to_timestamp(${range.to / 1000}::float8)
    ORDER BY namespace_id, at`;
  return readIncreases(reader, db, records);
}

/** The exact increase of a counter; null when no snapshot gave one. */
export function totalOf(increases: readonly NamespaceIncrease[], counterId: number): Count | null {
  let total: Count | null = null;
  for (const increase of increases) {
    const count = countOf(increase, counterId);
    if (count !== null) total = addCounts(total ?? 0, count);
  }
  return total;
}

/** The rates of a counter on a grid, an interval lying in the step that it ends in. */
export function seriesOf(increases: readonly NamespaceIncrease[], counterId: number, grid: Grid): HostSeries {
  // A namespace's rate in a step is what it grew by over the time that took; a host's is the sum of those.
  const sums = Array.from({ length: grid.length }, () => new Map<number, { value: number; ms: number }>());
  const resets: number[] = [];
  const gaps: { from: number; to: number }[] = [];
  for (const increase of increases) {
    const { namespaceId, snapshot, interval, increases: grown } = increase;
    if (interval.kind === "sinceBoot" || grown.baseline === "recreated") resets.push(snapshot.at);
    if (interval.kind === "interval" && !interval.rated)
      gaps.push({ from: interval.previous.at, to: snapshot.at });
    const count = countOf(increase, counterId);
    if (count === null || grown.ratedMs === 0) continue;
    // Steps are named by their start and hold (start, start + step]: the later snapshot's side of an interval.
    const step = sums[Math.ceil((snapshot.at - grid.start) / grid.stepMs) - 1];
    if (step === undefined) continue;
    const sum = step.get(namespaceId) ?? { value: 0, ms: 0 };
    sum.value += Number(count);
    sum.ms += grown.ratedMs;
    step.set(namespaceId, sum);
  }
  const values = sums.map((step) => {
    if (step.size === 0) return null;
    return [...step.values()].reduce((rate, { value, ms }) => rate + (value * 1000) / ms, 0);
  });
  return { values, total: totalOf(increases, counterId), resets, gaps };
}

function countOf({ snapshot, increases }: NamespaceIncrease, counterId: number): Count | null {
  const position = positionsIn(snapshot.layout).get(counterId);
  return position === undefined ? null : (increases.counts[position] ?? null);
}
