import type { Db } from "../client.ts";
import { GaugeBuffer, readGauges } from "../codec/gauges.ts";
import { SHARD_SIZE } from "../codec/positions.ts";
import { FIRST_OTHER_SHARD, rootAsked } from "./host-time.ts";
import { Membership, NO_GROUP, type ShardMembers, shardsOf } from "./membership.ts";
import type { PackedRow } from "./packed-rows.ts";
import type { Grid } from "./range.ts";
import { clipSegments, MINUTE_MS, planSegments, type Segment } from "./resolution.ts";
import { BUCKET_MS, readGaugeRows, readGaugeTotals } from "./rollup-rows.ts";
import { partsOf, stepOf, takesHours } from "./steps.ts";
import { ownerIn, type TrendQuery } from "./trend.ts";

export interface GaugeTrendQuery extends Omit<TrendQuery, "measure" | "reporters"> {
  /**
   * Each group is one series: of a step only the last minute counts in which it showed a value, so that what it showed
   * before under another namespace, that of a container which was made anew, is not added to what it shows now.
   */
  readonly lastMinute?: boolean;
}

/** Rows held at once; gauges have one for each shard and minute. */
const ROWS_PER_PART = 4_000;
/** Nearly all agents read more often than that. */
const END_MS = 5 * MINUTE_MS;
/** Of so many steps, the newest; minutes are kept for about as many hours. */
const ENDS_MOST = 1_000;

/**
 * The course of a gauge over a fleet, one series for each group: the sum of the last values that its namespaces
 * showed in each step; null where none showed any. One that is silent for a whole step is not in that step's sum, and no
 * container that had gone before the last minute in which its host's root showed a value. Where a step is read from
 * hours, its last few minutes are read beside them: of a host that was silent in these, it is the last hour.
 */
export async function readGaugeTrend(db: Db, query: GaugeTrendQuery): Promise<(number | null)[][]> {
  const { counterId, range, grid, groups, now, fleet } = query;
  const segments = await planSegments(db, {
    range,
    hours: takesHours(grid),
    now,
    cuts: groups?.changes.map(({ from }) => from) ?? [],
  });
  const shards = shardsOf(groups);
  const allShards = shards ?? fleet.shards;
  const hasContainers = allShards.some((shard) => shard >= FIRST_OTHER_SHARD);
  const ends = hasContainers && query.lastMinute !== true ? endsOfSteps(segments, query) : [];
  if (groups === null && ends.length === 0 && segments.every(({ of }) => BUCKET_MS[of] === grid.stepMs)) {
    const values = new Array<number | null>(grid.length).fill(null);
    for (const { bucket, last } of await readGaugeTotals(db, counterId, segments)) {
      values[stepOf(grid, bucket)] = Number(last);
    }
    return [values];
  }
  const sum = new LastSum(grid, new Membership(groups, ownerIn(fleet)), {
    lastMinute: query.lastMinute ?? false,
    rootOf: (namespaceId) => rootAsked(fleet, groups, namespaceId),
  });
  const finest = Math.min(...segments.map(({ of }) => BUCKET_MS[of]));
  const rowsOfHour = ends.length === 0 ? 1 : 1 + END_MS / MINUTE_MS;
  const partMs = (finest * ROWS_PER_PART) / Math.max(1, allShards.length * rowsOfHour);
  const whole = { from: segments[0]?.from ?? range.from, to: range.to };
  for (const part of partsOf(whole, grid, partMs)) {
    for (const row of await readGaugeRows(db, counterId, clipSegments([...segments, ...ends], part), shards))
      sum.add(row);
  }
  sum.finish();
  return sum.values;
}

/** The last minutes of the steps that end with an hour that is read as one. */
function endsOfSteps(
  segments: readonly Segment[],
  { grid: { start, stepMs, length }, range }: Pick<GaugeTrendQuery, "grid" | "range">,
): Segment[] {
  const ends: Segment[] = [];
  for (let step = Math.max(0, length - ENDS_MOST); step < length; step++) {
    const to = Math.min(start + (step + 1) * stepMs, range.to);
    if (segments.some((one) => one.of === "hours" && one.from < to && to <= one.to))
      ends.push({ of: "minutes", from: to - END_MS, to });
  }
  return ends;
}

/** What the namespaces of a shard showed last in the step; NaN for nothing. */
interface ShardLast {
  readonly members: ShardMembers;
  readonly last: Float64Array;
  /** The group that each was in when it showed that. */
  readonly group: Int32Array;
  /** The minute or hour of that. */
  readonly bucket: Float64Array;
  touched: boolean;
}

interface LastSumOptions {
  readonly lastMinute: boolean;
  /** The root beside a container; null for none. */
  readonly rootOf: (namespaceId: number) => number | null;
}

class LastSum {
  readonly values: (number | null)[][];
  readonly #grid: Grid;
  readonly #membership: Membership;
  readonly #shards = new Map<number, ShardLast>();
  readonly #buffer = new GaugeBuffer();
  /** By group: where of a step only the last minute or hour counts in which it showed a value, when that is. */
  readonly #lastOf: Float64Array | null;
  readonly #rootOf: (namespaceId: number) => number | null;
  #step = -1;

  constructor(grid: Grid, membership: Membership, { lastMinute, rootOf }: LastSumOptions) {
    this.#grid = grid;
    this.#membership = membership;
    this.#rootOf = rootOf;
    this.#lastOf = lastMinute ? new Float64Array(membership.groupCount) : null;
    this.values = Array.from({ length: membership.groupCount }, () =>
      new Array<number | null>(grid.length).fill(null),
    );
  }

  add(row: PackedRow): void {
    const step = stepOf(this.#grid, row.bucket);
    if (step !== this.#step) {
      this.finish();
      this.#step = step;
    }
    // One that changes its group within the step counts once, in the one that it showed its last value in.
    this.#membership.advance(row.bucket, () => undefined);
    const members = this.#membership.of(row.shard);
    if (members === null) return;
    let shard = this.#shards.get(row.shard);
    if (shard === undefined) {
      const last = new Float64Array(SHARD_SIZE).fill(Number.NaN);
      const group = new Int32Array(SHARD_SIZE).fill(NO_GROUP);
      shard = { members, last, group, bucket: new Float64Array(SHARD_SIZE), touched: false };
      this.#shards.set(row.shard, shard);
    }
    shard.touched = true;
    const count = readGauges(row.data, this.#buffer);
    const { positions, last } = this.#buffer;
    for (let index = 0; index < count; index++) {
      const position = positions[index] as number;
      const group = members.group[position] as number;
      shard.last[position] = last[index] as number;
      shard.group[position] = group;
      shard.bucket[position] = row.bucket;
      // Rows come in the order of time.
      if (this.#lastOf !== null && group !== NO_GROUP) this.#lastOf[group] = row.bucket;
    }
  }

  finish(): void {
    const lastOf = this.#lastOf;
    for (const { members, last, group: groups, bucket, touched } of this.#shards.values()) {
      if (!touched) continue;
      const { shard } = members;
      for (let position = 0; position < SHARD_SIZE; position++) {
        const group = groups[position] as number;
        const value = last[position] as number;
        const values = group === NO_GROUP || Number.isNaN(value) ? undefined : this.values[group];
        if (values === undefined || (lastOf !== null && lastOf[group] !== bucket[position])) continue;
        if (
          shard >= FIRST_OTHER_SHARD &&
          this.#isGone(shard * SHARD_SIZE + position, bucket[position] as number)
        )
          continue;
        values[this.#step] = (values[this.#step] ?? 0) + value;
      }
    }
    for (const shard of this.#shards.values()) {
      if (shard.touched) shard.last.fill(Number.NaN);
      shard.touched = false;
    }
  }

  /** Whether its host's root showed a value in the step after a container, which did in this minute or hour, last did. */
  #isGone(namespaceId: number, bucket: number): boolean {
    // A series by itself is told by its own last minute.
    const root = this.#lastOf === null ? this.#rootOf(namespaceId) : null;
    const beside = root === null ? undefined : this.#shards.get(root >> 8);
    if (root === null || beside === undefined) return false;
    const position = root % SHARD_SIZE;
    return !Number.isNaN(beside.last[position] as number) && (beside.bucket[position] as number) > bucket;
  }
}
