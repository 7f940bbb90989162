import type { Count } from "../../protocol/count.ts";
import { type LossShare, type LostHandshakes, lossShare, lostHandshakes } from "../../rates/loss.ts";
import type { Db } from "../client.ts";
import { PositionBuffer, readPositions, SHARD_SIZE } from "../codec/positions.ts";
import { Membership, NO_GROUP, type ShardMembers, shardsOf } from "./membership.ts";
import { forEachRow } from "./namespace-sums.ts";
import type { PackedRow } from "./packed-rows.ts";
import type { Grid } from "./range.ts";
import { readReported } from "./reported.ts";
import { planSegments } from "./resolution.ts";
import { type Reporters, readOpenMinutes } from "./rollup-rows.ts";
import { oneStep, stepOf, takesHours } from "./steps.ts";
import { ownerIn, readTrend, type TrendQuery } from "./trend.ts";

/** A counter that the estimate needs; an id of null is of one that no host has sent. */
export interface HandshakeCounter {
  readonly counterId: number | null;
  readonly reporters: Reporters;
}

export interface HandshakeQuery extends Pick<TrendQuery, "range" | "groups" | "fleet" | "now"> {
  readonly passiveOpens: HandshakeCounter;
  readonly listenOverflows: HandshakeCounter;
  /** Of SYNs dropped where cookies are off, and of cookies; a kernel that lacks one of these drops none by it. */
  readonly reqQFullDrop: number | null;
  readonly cookiesSent: number | null;
  readonly cookiesReceived: number | null;
  readonly cookiesFailed: number | null;
}

/** Handshakes of a group in a range. Null where nobody reported. */
export interface Handshakes {
  readonly accepted: Count | null;
  /** Lost or delayed by a second or more: an estimate. */
  readonly lost: number | null;
  /** Null as well where none was attempted. */
  readonly loss: LossShare | null;
}

/** The share lost by group and step, with the range; null as of `Handshakes`. */
export type LossCourse = readonly (LossShare | null)[];

/** The handshakes of each group over a range: the estimate is made for each namespace over the whole of it. */
export async function readHandshakes(db: Db, query: HandshakeQuery): Promise<Handshakes[]> {
  const found = await readSteps(db, query, oneStep(query.range));
  return found.map(({ accepted, total, lostAt }) => {
    const lost = lostAt(0);
    return {
      accepted: accepted[0] === null ? null : total,
      lost: lost?.lost ?? null,
      loss: shareOf(accepted[0], lost),
    };
  });
}

/** The share of handshakes lost in each step: the estimate is made for each namespace and step. */
export async function readHandshakeLoss(
  db: Db,
  query: HandshakeQuery & { readonly grid: Grid },
): Promise<LossCourse[]> {
  const found = await readSteps(db, query, query.grid);
  return found.map(({ accepted, lostAt }) => accepted.map((count, step) => shareOf(count, lostAt(step))));
}

function shareOf(accepted: number | null | undefined, lost: LostHandshakes | null): LossShare | null {
  return accepted == null || lost === null ? null : lossShare(accepted, lost);
}

interface GroupSteps {
  readonly accepted: readonly (number | null)[];
  readonly total: Count;
  /** Null where nobody reported who could have seen a drop. */
  lostAt(step: number): LostHandshakes | null;
}

async function readSteps(db: Db, query: HandshakeQuery, grid: Grid): Promise<GroupSteps[]> {
  const { range, groups, fleet, now, passiveOpens, listenOverflows } = query;
  const groupCount = groups?.labels.length ?? 1;
  const cuts = groups?.changes.map(({ from }) => from) ?? [];
  const segments = await planSegments(db, { range, hours: takesHours(grid), now, cuts });

  // Accepted handshakes are known of closed minutes alone, drops at once: a minute that is open has a loss of
  // all there was. Read before the rows, so that one that closes meanwhile errs to the side of less loss.
  const open = await readOpenMinutes(db, segments);
  const drops = new DropSum(grid, new Membership(groups, ownerIn(fleet)), countersOf(query));
  const wanted = { counterIds: drops.counterIds, segments, shards: shardsOf(groups) };
  await forEachRow(db, wanted, (row) => {
    if (!open.has(`${row.shard} ${row.bucket}`)) drops.add(row);
  });
  drops.finish();

  const none = new Array<null>(grid.length).fill(null);
  const accepted =
    passiveOpens.counterId === null
      ? []
      : await readTrend(db, {
          counterId: passiveOpens.counterId,
          reporters: passiveOpens.reporters,
          measure: "INCREASE",
          range,
          grid,
          groups,
          fleet,
          now,
        });
  const reporters = { ...listenOverflows.reporters, event: false };
  const reported = sameLayouts(reporters, passiveOpens.reporters)
    ? accepted.map(({ values }) => Uint8Array.from(values, (value) => (value === null ? 0 : 1)))
    : await readReported(db, { reporters, segments, grid, groups, hostOf: ownerIn(fleet), rated: false });
  return Array.from({ length: groupCount }, (_, group) => ({
    accepted: accepted[group]?.values ?? none,
    total: accepted[group]?.total ?? 0,
    lostAt: (step) => (reported[group]?.[step] === 1 ? drops.lostAt(group, step) : null),
  }));
}

function sameLayouts(a: Reporters, b: Reporters): boolean {
  const known = new Set(a.layoutIds);
  return a.layoutIds.length === b.layoutIds.length && b.layoutIds.every((id) => known.has(id));
}

/** The counters of drops, in the order of the columns of `DropSum`. */
function countersOf(query: HandshakeQuery): (number | null)[] {
  const { listenOverflows, reqQFullDrop, cookiesSent, cookiesReceived, cookiesFailed } = query;
  return [listenOverflows.counterId, reqQFullDrop, cookiesSent, cookiesReceived, cookiesFailed];
}

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
class DropSum {
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
