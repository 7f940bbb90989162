import { type LostHandshakes, lostHandshakes } from "../../rates/loss.ts";
import { PositionBuffer, readPositions, SHARD_SIZE } from "../codec/positions.ts";
import { type Membership, NO_GROUP, type ShardMembers } from "./membership.ts";
import type { PackedRow } from "./packed-rows.ts";
import type { Grid } from "./range.ts";
import { stepOf } from "./steps.ts";

interface ShardDrops {
  readonly members: ShardMembers;
  /** A column for each counter, by position. */
  readonly columns: readonly Float64Array[];
  touched: boolean;
}

/** What a namespace dropped in the step before it went over to another group. */
interface Left {
  readonly drops: ShardDrops;
  readonly position: number;
  readonly group: number;
  readonly grown: number[];
}

/** Estimates the lost handshakes of each namespace and step, and adds them up by group. */
export class DropSum {
  readonly counterIds: readonly number[];
  readonly #columnOf: ReadonlyMap<number, number>;
  readonly #grid: Grid;
  readonly #membership: Membership;
  /** Lost, low and high, by group and step. */
  readonly #lost: readonly (readonly [Float64Array, Float64Array, Float64Array])[];
  readonly #shards = new Map<number, ShardDrops>();
  readonly #buffer = new PositionBuffer();
  /** By namespace and group: a deploy may send over all there are within one step. */
  readonly #left = new Map<string, Left>();
  #step = -1;

  constructor(grid: Grid, membership: Membership, counters: readonly (number | null)[]) {
    this.#grid = grid;
    this.#membership = membership;
    const columns = counters.flatMap((id, column) => (id === null ? [] : [[id, column] as const]));
    this.#columnOf = new Map(columns);
    this.counterIds = columns.map(([id]) => id);
    const steps = () => new Float64Array(grid.length);
    this.#lost = Array.from({ length: membership.groupCount }, () => [steps(), steps(), steps()] as const);
  }

  add({ bucket, shard, key, data }: PackedRow): void {
    const step = stepOf(this.#grid, bucket);
    if (step !== this.#step) {
      this.finish();
      this.#step = step;
    }
    this.#membership.advance(bucket, (members, position) => this.#leave(members, position));
    const members = this.#membership.of(shard);
    if (members === null) return;
    let drops = this.#shards.get(shard);
    if (drops === undefined) {
      drops = {
        members,
        columns: Array.from({ length: 5 }, () => new Float64Array(SHARD_SIZE)),
        touched: false,
      };
      this.#shards.set(shard, drops);
    }
    drops.touched = true;
    const column = drops.columns[this.#columnOf.get(key) ?? -1];
    if (column === undefined) return;
    const count = readPositions(data, this.#buffer);
    for (let index = 0; index < count; index++) {
      addAt(column, this.#buffer.positions[index] as number, this.#buffer.values[index] as number);
    }
  }

  finish(): void {
    for (const { drops, position, group, grown } of this.#left.values()) {
      const back = drops.members.group[position] === group;
      if (!back) this.#settle(group, grown);
      else for (const [index, column] of drops.columns.entries()) addAt(column, position, grown[index] ?? 0);
    }
    this.#left.clear();
    for (const { members, columns, touched } of this.#shards.values()) {
      if (!touched) continue;
      for (let position = 0; position < SHARD_SIZE; position++) {
        const group = members.group[position] as number;
        if (group === NO_GROUP || columns.every((column) => column[position] === 0)) continue;
        this.#settle(
          group,
          columns.map((column) => column[position] ?? 0),
        );
      }
      for (const column of columns) column.fill(0);
    }
    for (const drops of this.#shards.values()) drops.touched = false;
  }

  lostAt(group: number, step: number): LostHandshakes {
    const [lost, low, high] = this.#lost[group] ?? [];
    return { lost: lost?.[step] ?? 0, low: low?.[step] ?? 0, high: high?.[step] ?? 0 };
  }

  /** Puts aside what a namespace dropped in its group: the step is not over, and it may come back. */
  #leave({ shard, group: groups }: ShardMembers, position: number): void {
    const drops = this.#shards.get(shard);
    const group = groups[position] as number;
    if (drops?.touched !== true || group === NO_GROUP) return;
    const key = `${shard} ${position} ${group}`;
    let left = this.#left.get(key);
    if (left === undefined) {
      left = { drops, position, group, grown: drops.columns.map(() => 0) };
      this.#left.set(key, left);
    }
    for (const [index, column] of drops.columns.entries()) {
      left.grown[index] = (left.grown[index] ?? 0) + (column[position] as number);
      column[position] = 0;
    }
  }

  #settle(group: number, grown: readonly number[]): void {
    const sums = this.#lost[group];
    if (sums === undefined) return;
    const [listenOverflows = 0, reqQFullDrop = 0, cookiesSent = 0, cookiesReceived = 0, cookiesFailed = 0] =
      grown;
    const { lost, low, high } = lostHandshakes({
      listenOverflows,
      reqQFullDrop,
      cookiesSent,
      cookiesReceived,
      cookiesFailed,
    });
    addAt(sums[0], this.#step, lost);
    addAt(sums[1], this.#step, low);
    addAt(sums[2], this.#step, high);
  }
}

function addAt(column: Float64Array, index: number, value: number): void {
  (column[index] as number) += value;
}
