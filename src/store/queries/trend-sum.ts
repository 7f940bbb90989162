import type { Count } from "../../protocol/count.ts";
import { PositionBuffer, positionAt, readPositions, SHARD_SIZE } from "../codec/positions.ts";
import { ExactSums } from "./exact-sums.ts";
import { FIRST_OTHER_SHARD, type HostTime } from "./host-time.ts";
import { type Membership, NO_GROUP, type ShardMembers } from "./membership.ts";
import type { PackedRow } from "./packed-rows.ts";
import type { Grid } from "./range.ts";
import { emptyShardSum, type ShardSum, touch } from "./shard-sum.ts";
import { stepOf } from "./steps.ts";

/** AFFECTED counts hosts; PEAK is the highest increase of one namespace in the step. */
export type TrendMeasure = "RATE" | "INCREASE" | "AFFECTED" | "PEAK";

/** What a namespace did in the step before it went over to another group. */
interface Left {
  readonly sum: ShardSum;
  readonly position: number;
  readonly group: number;
  increase: number;
  rated: number;
  coveredMs: number;
  /** Of a container: how long its host was covered meanwhile. */
  hostMs: number;
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
  readonly #hostTime: HostTime | null;
  readonly #totals: ExactSums;
  readonly #increase: ExactSums;
  readonly #value: Float64Array;
  readonly #seen: Uint8Array;
  readonly #shards = new Map<number, ShardSum>();
  /** By namespace and group: a deploy may send over all there are within one step. */
  readonly #left = new Map<string, Left>();
  readonly #buffer = new PositionBuffer();
  readonly #coveredMs = new Float64Array(SHARD_SIZE);
  /** The step in which a host was last counted in its group, by `hostInGroup`. */
  #countedIn = new Int32Array(1024).fill(-1);
  #step = -1;

  /** @param hostTime null where there are no containers, or no rates are asked for */
  constructor(grid: Grid, measure: TrendMeasure, membership: Membership, hostTime: HostTime | null) {
    const { groupCount } = membership;
    this.#grid = grid;
    this.#measure = measure;
    this.#membership = membership;
    this.#hostTime = hostTime;
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
        if (measure === "AFFECTED") this.#countHost(group, this.#membership.hostInGroup(members, position));
      } else {
        if (!sum.whole) touch(sum, position);
        (sum.increase[position] as number) += value;
        (sum.rated[position] as number) += value - (unrated[index] as number);
      }
    }
  }

  /** For RATE alone: a row whose namespaces are all of one group, with the sum of their rates; in any order. */
  addRate(group: number, bucket: number, rate: number, row: PositionBuffer): void {
    for (let index = 0; index < row.count; index++) this.#totals.add(group, row.valueAt(index));
    const values = this.values[group];
    const step = stepOf(this.#grid, bucket);
    // Of what grew over no rated interval, there is no rate to tell.
    if (values !== undefined && rate > 0) values[step] = (values[step] ?? 0) + rate;
  }

  /** For RATE of roots alone, where a step is one row's time: a row with the coverage of its shard then, which is let go at once. */
  addRates(row: PackedRow, coverage: readonly PackedRow[]): void {
    const members = this.#goTo(row);
    if (members === null) return;
    const buffer = this.#buffer;
    const coveredMs = this.#coveredMs.fill(0);
    for (const { data } of coverage) {
      const count = readPositions(data, buffer);
      for (let index = 0; index < count; index++) {
        (coveredMs[buffer.positions[index] as number] as number) += buffer.values[index] as number;
      }
    }
    const count = readPositions(row.data, buffer);
    const { positions, values, unrated, bigValues } = buffer;
    for (let index = 0; index < count; index++) {
      const position = positions[index] as number;
      const group = members.group[position] as number;
      if (group === NO_GROUP) continue;
      const value = values[index] as number;
      this.#totals.add(group, bigValues === null ? value : buffer.valueAt(index));
      this.#settle(group, value, value - (unrated[index] as number), coveredMs[position] as number);
    }
  }

  /**
   * For RATE alone: how long each namespace was covered.
   *
   * @param only positions to look at: of the others a rate of 0 is known; null for all
   */
  addCoverage(row: PackedRow, only: Iterable<number> | null): void {
    const members = this.#goTo(row);
    if (members === null) return;
    this.#hostTime?.add(row, only);
    const sum = this.#sumOf(members);
    const { coveredMs } = sum;
    if (only !== null) {
      for (const position of only) {
        touch(sum, position);
        (coveredMs[position] as number) += positionAt(row.data, position);
      }
      return;
    }
    const count = readPositions(row.data, this.#buffer);
    const { positions, values } = this.#buffer;
    sum.whole = true;
    for (let index = 0; index < count; index++) {
      (coveredMs[positions[index] as number] as number) += values[index] as number;
    }
  }

  /** The last step is over. */
  finish(): void {
    if (this.#step < 0) return;
    for (const one of this.#left.values()) this.#settleLeft(one);
    this.#left.clear();
    for (const sum of this.#shards.values()) this.#settleShard(sum);
    this.#hostTime?.clear();
    const increases = this.#measure === "INCREASE";
    for (let group = 0; group < this.#membership.groupCount; group++) {
      if (this.#seen[group] === 0) continue;
      const values = this.values[group];
      const increase = increases ? this.#increase.at(group) : 0;
      if (increases) this.#totals.add(group, increase);
      if (values === undefined) continue;
      const value = increases ? Number(increase) : (this.#value[group] as number);
      values[this.#step] = (values[this.#step] ?? 0) + value;
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
    this.#membership.advance(bucket, (members, position) => this.#leave(members, position));
    return this.#membership.of(shard);
  }

  /** Puts aside what a namespace did in its group: the step is not over, and it may come back. */
  #leave(members: ShardMembers, position: number): void {
    const { shard, group: groups } = members;
    const group = groups[position] as number;
    const hostMs = this.#hostTimeIn(shard)?.leave(shard * SHARD_SIZE + position) ?? 0;
    if (group === NO_GROUP) return;
    const sum = hostMs > 0 ? this.#sumOf(members) : this.#shards.get(shard);
    if (sum === undefined || (hostMs === 0 && !sum.whole && sum.isTouched[position] === 0)) return;
    const key = `${shard} ${position} ${group}`;
    let left = this.#left.get(key);
    if (left === undefined) {
      left = { sum, position, group, increase: 0, rated: 0, coveredMs: 0, hostMs: 0 };
      this.#left.set(key, left);
    }
    left.increase += sum.increase[position] as number;
    left.rated += sum.rated[position] as number;
    left.coveredMs += sum.coveredMs[position] as number;
    left.hostMs += hostMs;
    sum.increase[position] = 0;
    sum.rated[position] = 0;
    sum.coveredMs[position] = 0;
  }

  #settleShard(sum: ShardSum): void {
    const { members, increase, rated, coveredMs, touched, isTouched } = sum;
    const hostTime = this.#hostTimeIn(members.shard);
    const count = sum.whole ? SHARD_SIZE : touched.length;
    for (let index = 0; index < count; index++) {
      const position = sum.whole ? index : (touched[index] as number);
      const group = members.group[position] as number;
      if (group !== NO_GROUP) {
        const grown = rated[position] as number;
        const ownMs = coveredMs[position] as number;
        // Whatever time it is over, a rate of nothing is 0.
        const hostMs = grown === 0 ? 0 : (hostTime?.of(members.shard * SHARD_SIZE + position) ?? 0);
        this.#settle(group, increase[position] as number, grown, ownMs, hostMs);
      }
      increase[position] = 0;
      rated[position] = 0;
      coveredMs[position] = 0;
      isTouched[position] = 0;
    }
    touched.length = 0;
    sum.whole = false;
  }

  #settleLeft({ sum, position, group, increase, rated, coveredMs, hostMs }: Left): void {
    if (sum.members.group[position] !== group) {
      this.#settle(group, increase, rated, coveredMs, hostMs);
      return;
    }
    const { shard } = sum.members;
    this.#hostTimeIn(shard)?.comeBack(shard * SHARD_SIZE + position, hostMs);
    (sum.increase[position] as number) += increase;
    (sum.rated[position] as number) += rated;
    (sum.coveredMs[position] as number) += coveredMs;
  }

  /** What is known of the hosts of a shard's namespaces, where these are containers. */
  #hostTimeIn(shard: number): HostTime | null {
    return shard < FIRST_OTHER_SHARD ? null : this.#hostTime;
  }

  /** Takes what a namespace did in the step into its group. @param hostMs for a container, how long its host was covered */
  #settle(group: number, increase: number, rated: number, coveredMs: number, hostMs = 0): void {
    if (this.#measure === "RATE") {
      if (coveredMs === 0) return;
      this.#seen[group] = 1;
      (this.#value[group] as number) += (rated * 1000) / Math.max(coveredMs, hostMs);
    } else {
      if (increase === 0) return;
      this.#seen[group] = 1;
      if (increase > (this.#value[group] as number)) this.#value[group] = increase;
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
      sum = emptyShardSum(members);
      this.#shards.set(members.shard, sum);
    }
    return sum;
  }
}
