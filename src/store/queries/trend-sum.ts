import type { Count } from "../../protocol/count.ts";
import { PositionBuffer, readPositions, SHARD_SIZE } from "../codec/positions.ts";
import { ExactSums } from "./exact-sums.ts";
import { type Membership, NO_GROUP, type ShardMembers } from "./membership.ts";
import type { PackedRow } from "./packed-rows.ts";
import type { Grid } from "./range.ts";
import { stepOf } from "./steps.ts";

/** AFFECTED counts hosts; PEAK is the highest increase of one namespace in the step. */
export type TrendMeasure = "RATE" | "INCREASE" | "AFFECTED" | "PEAK";

/** What the namespaces of a shard did in the step so far, by position. */
interface ShardSum {
  readonly members: ShardMembers;
  readonly increase: Float64Array;
  readonly rated: Float64Array;
  readonly coveredMs: Float64Array;
  touched: boolean;
}

/**
 * Adds up a counter by group and step. Rows come in the order of time; nothing is made for a value, and of a step
 * only what it needs is kept.
 */
export class TrendSum {
  /** By group: one value for each step. Null where nothing is known of it. */
  readonly values: (number | null)[][];
  readonly #grid: Grid;
  readonly #measure: TrendMeasure;
  readonly #membership: Membership;
  readonly #totals: ExactSums;
  readonly #increase: ExactSums;
  readonly #value: Float64Array;
  readonly #seen: Uint8Array;
  readonly #shards = new Map<number, ShardSum>();
  readonly #buffer = new PositionBuffer();
  /** The step in which a host was last counted in its group, by `hostInGroup`. */
  #countedIn = new Int32Array(1024).fill(-1);
  #step = -1;

  constructor(grid: Grid, measure: TrendMeasure, membership: Membership) {
    const { groupCount } = membership;
    this.#grid = grid;
    this.#measure = measure;
    this.#membership = membership;
    this.#totals = new ExactSums(groupCount);
    this.#increase = new ExactSums(groupCount);
    this.#value = new Float64Array(groupCount);
    this.#seen = new Uint8Array(groupCount);
    this.values = Array.from({ length: groupCount }, () => new Array<number | null>(grid.length).fill(null));
  }

  /** The exact increase of a group in all that was added. */
  total(group: number): Count {
    return this.#totals.at(group);
  }

  addIncreases(row: PackedRow): void {
    const members = this.#goTo(row);
    if (members === null) return;
    const buffer = this.#buffer;
    const count = readPositions(row.data, buffer);
    const { positions, values, unrated, bigValues } = buffer;
    const measure = this.#measure;
    const sum = measure === "RATE" || measure === "PEAK" ? this.#sumOf(members) : null;
    const exact = measure === "INCREASE" ? this.#increase : this.#totals;
    for (let index = 0; index < count; index++) {
      const position = positions[index] as number;
      const group = members.group[position] as number;
      if (group === NO_GROUP) continue;
      const value = values[index] as number;
      exact.add(group, bigValues === null ? value : buffer.valueAt(index));
      if (sum === null) {
        this.#seen[group] = 1;
        if (measure === "AFFECTED") this.#countHost(group, members.hostInGroup[position] as number);
      } else {
        (sum.increase[position] as number) += value;
        (sum.rated[position] as number) += value - (unrated[index] as number);
      }
    }
  }

  /** For RATE alone: how long each namespace was covered. */
  addCoverage(row: PackedRow): void {
    const members = this.#goTo(row);
    if (members === null) return;
    const count = readPositions(row.data, this.#buffer);
    const { positions, values } = this.#buffer;
    const { coveredMs } = this.#sumOf(members);
    for (let index = 0; index < count; index++) {
      (coveredMs[positions[index] as number] as number) += values[index] as number;
    }
  }

  /** The last step is over. */
  finish(): void {
    if (this.#step < 0) return;
    for (const sum of this.#shards.values()) {
      if (!sum.touched) continue;
      for (let position = 0; position < SHARD_SIZE; position++) this.#settle(sum, position);
      sum.increase.fill(0);
      sum.rated.fill(0);
      sum.coveredMs.fill(0);
      sum.touched = false;
    }
    const increases = this.#measure === "INCREASE";
    for (let group = 0; group < this.#membership.groupCount; group++) {
      if (this.#seen[group] === 0) continue;
      const values = this.values[group];
      const increase = increases ? this.#increase.at(group) : 0;
      if (increases) this.#totals.add(group, increase);
      if (values !== undefined) values[this.#step] = increases ? Number(increase) : (this.#value[group] ?? 0);
    }
    this.#increase.clear();
    this.#value.fill(0);
    this.#seen.fill(0);
    this.#step = -1;
  }

  /** Goes on to the step and the moment of a row. */
  #goTo({ bucket, shard }: PackedRow): ShardMembers | null {
    const step = stepOf(this.#grid, bucket);
    if (step !== this.#step) {
      this.finish();
      this.#step = step;
    }
    this.#membership.advance(bucket, (members, position) => {
      const sum = this.#shards.get(members.shard);
      if (sum?.touched !== true) return;
      this.#settle(sum, position);
      sum.increase[position] = 0;
      sum.rated[position] = 0;
      sum.coveredMs[position] = 0;
    });
    return this.#membership.of(shard);
  }

  /** Takes what a namespace did in the step into its group. */
  #settle({ members, increase, rated, coveredMs }: ShardSum, position: number): void {
    const group = members.group[position] as number;
    if (group === NO_GROUP) return;
    if (this.#measure === "RATE") {
      const ms = coveredMs[position] as number;
      if (ms === 0) return;
      this.#seen[group] = 1;
      (this.#value[group] as number) += ((rated[position] as number) * 1000) / ms;
    } else {
      const value = increase[position] as number;
      if (value === 0) return;
      this.#seen[group] = 1;
      if (value > (this.#value[group] as number)) this.#value[group] = value;
    }
  }

  #countHost(group: number, host: number): void {
    if (host >= this.#countedIn.length) {
      const larger = new Int32Array(Math.max(host + 1, this.#countedIn.length * 2)).fill(-1);
      larger.set(this.#countedIn);
      this.#countedIn = larger;
    }
    if (this.#countedIn[host] === this.#step) return;
    this.#countedIn[host] = this.#step;
    (this.#value[group] as number) += 1;
  }

  #sumOf(members: ShardMembers): ShardSum {
    let sum = this.#shards.get(members.shard);
    if (sum === undefined) {
      sum = {
        members,
        increase: new Float64Array(SHARD_SIZE),
        rated: new Float64Array(SHARD_SIZE),
        coveredMs: new Float64Array(SHARD_SIZE),
        touched: false,
      };
      this.#shards.set(members.shard, sum);
    }
    sum.touched = true;
    return sum;
  }
}
