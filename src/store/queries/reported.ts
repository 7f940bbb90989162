import type { Db } from "../client.ts";
import { PositionBuffer, readPositions, SHARD_SIZE } from "../codec/positions.ts";
import type { Groups } from "./groups.ts";
import { Membership, shardsOf } from "./membership.ts";
import type { PackedRow } from "./packed-rows.ts";
import type { Grid, Range } from "./range.ts";
import {
  type NumberedSpan,
  readReportedSpans,
  readSteadyHours,
  readSteadyRows,
  type SteadyRow,
} from "./reported-rows.ts";
import { clipSegments, HOUR_MS, type Segment } from "./resolution.ts";
import { BUCKET_MS, type Reporters, readCoverageOf, readCoverageRows } from "./rollup-rows.ts";
import { partsOf, stepOf } from "./steps.ts";

export interface ReportedQuery {
  readonly reporters: Reporters;
  readonly segments: readonly Segment[];
  readonly grid: Grid;
  readonly groups: Groups | null;
  readonly hostOf: (namespaceId: number) => number;
  /** True to ask for time of which a rate may be told, and not for any snapshot. */
  readonly rated: boolean;
}

/** Rows of coverage held at once. */
const ROWS_PER_PART = 8_000;
/** A step of so many minutes or hours is looked at in two goes ... */
const LONG_STEP = 10;
/** ... of which the first is its first so many. */
const HEAD_BUCKETS = 2;

/**
 * In which steps somebody of each group reported: 1 where so, by group and step.
 *
 * One namespace is enough to know it of a group, so this reads the few shards that have one of each group, and
 * others only for what is then still open; and of a row no more than is needed.
 */
export async function readReported(db: Db, query: ReportedQuery): Promise<Uint8Array[]> {
  const { groups, grid, segments, reporters, rated } = query;
  if (groups === null) {
    const reported = new Uint8Array(grid.length);
    for (const segment of segments) {
      if (asksHours(segment)) {
        for (const hour of await readSteadyHours(db, reporters, segment))
          setSteps(reported, grid, within(hour, segment));
      }
      const spans = stepsIn(segment, grid).filter(({ number }) => reported[number] === 0);
      if (spans.length === 0) continue;
      for (const step of await readReportedSpans(db, reporters, segment, spans, rated)) reported[step] = 1;
    }
    return [reported];
  }
  const found = new Reported(query, groups);
  const few = fewShards(groups);
  for (const segment of segments) {
    if (!asksHours(segment)) continue;
    for (const row of await readSteadyRows(db, reporters, segment, few)) found.addSteady(row, segment);
  }
  await readInto(db, query, found, few);
  const rest = (shardsOf(groups) ?? []).filter((shard) => !few.includes(shard));
  await readInto(db, query, found, rest);
  return found.flags;
}

/**
 * Reads the coverage of shards, as far as something is still open: first what each step begins with, which in long
 * steps settles nearly all of it, then the rest.
 */
async function readInto(
  db: Db,
  { segments, grid, reporters }: ReportedQuery,
  found: Reported,
  shards: readonly number[],
): Promise<void> {
  const [from, to] = [segments[0]?.from, segments.at(-1)?.to];
  if (from === undefined || to === undefined || shards.length === 0) return;
  const bucketMs = Math.min(...segments.map(({ of }) => BUCKET_MS[of]));
  if (grid.stepMs >= LONG_STEP * bucketMs) {
    found.restart();
    const partMs = (grid.stepMs * ROWS_PER_PART) / (HEAD_BUCKETS * shards.length);
    for (const part of partsOf({ from, to }, grid, partMs)) {
      const heads = found
        .openSteps(part)
        .flatMap((step) =>
          shards.map((shard) => ({ shard, from: step.from, to: step.from + HEAD_BUCKETS * bucketMs })),
        );
      for (const row of await readCoverageOf(db, reporters, clipSegments(segments, part), heads))
        found.add(row);
    }
  }
  found.restart();
  for (const part of partsOf({ from, to }, grid, (bucketMs * ROWS_PER_PART) / shards.length)) {
    const clipped = found.openSteps(part).flatMap((step) => clipSegments(segments, step));
    if (clipped.length === 0) continue;
    for (const row of await readCoverageRows(db, reporters, joined(clipped), shards)) found.add(row);
  }
}

/** Whether it is worth a statement to ask the hours of a segment who was there all the time: of a few minutes it is not. */
function asksHours({ of, from, to }: Segment): boolean {
  return of === "minutes" && to - from > 2 * HOUR_MS;
}

/** What of an hour lies in a segment. */
function within(hour: number, { from, to }: Range): Range {
  return { from: Math.max(hour, from), to: Math.min(hour + HOUR_MS, to) };
}

/** Marks the steps that have a part of a range. */
function setSteps(reported: Uint8Array, grid: Grid, { from, to }: Range): void {
  reported.fill(1, stepOf(grid, from), stepOf(grid, to - 1) + 1);
}

/** Segments that follow one another as one. */
function joined(segments: readonly Segment[]): Segment[] {
  const all: Segment[] = [];
  for (const segment of segments) {
    const last = all.at(-1);
    if (last?.of === segment.of && last.to === segment.from) {
      all[all.length - 1] = { of: last.of, from: last.from, to: segment.to };
    } else all.push(segment);
  }
  return all;
}

/** What of each step lies in a segment. */
function stepsIn(segment: Segment, { start, stepMs, length }: Grid): NumberedSpan[] {
  const spans: NumberedSpan[] = [];
  const last = Math.min(length - 1, stepOf({ start, stepMs, length }, segment.to - 1));
  for (let number = stepOf({ start, stepMs, length }, segment.from); number <= last; number++) {
    const from = number === 0 ? segment.from : start + number * stepMs;
    spans.push({
      number,
      from: Math.max(segment.from, from),
      to: Math.min(segment.to, start + (number + 1) * stepMs),
    });
  }
  return spans;
}

/** Shards in which every group has a namespace, as few as a greedy choice finds. */
function fewShards(groups: Groups): number[] {
  const byShard = new Map<number, Set<number>>();
  const put = (namespaceId: number, group: number) => {
    const shard = namespaceId >> 8;
    const own = byShard.get(shard);
    if (own === undefined) byShard.set(shard, new Set([group]));
    else own.add(group);
  };
  for (const [namespaceId, group] of groups.of) put(namespaceId, group);
  const open = new Set(groups.of.values());
  const chosen: number[] = [];
  while (open.size > 0) {
    let best = -1;
    let most = 0;
    for (const [shard, own] of byShard) {
      let covers = 0;
      for (const group of own) if (open.has(group)) covers++;
      if (covers > most) [best, most] = [shard, covers];
    }
    if (best === -1) break;
    chosen.push(best);
    for (const group of byShard.get(best) ?? []) open.delete(group);
    byShard.delete(best);
  }
  return chosen;
}

class Reported {
  readonly flags: Uint8Array[];
  readonly #query: ReportedQuery;
  readonly #groups: Groups;
  /** Groups not yet found in a step, by step. */
  readonly #open: Int32Array;
  readonly #buffer = new PositionBuffer();
  #membership: Membership;

  constructor(query: ReportedQuery, groups: Groups) {
    this.#query = query;
    this.#groups = groups;
    this.#membership = new Membership(groups, query.hostOf);
    this.flags = groups.labels.map(() => new Uint8Array(query.grid.length));
    this.#open = new Int32Array(query.grid.length).fill(groups.labels.length);
  }

  /** Rows begin again at the beginning of the range. */
  restart(): void {
    this.#membership = new Membership(this.#groups, this.#query.hostOf);
  }

  add(row: PackedRow): void {
    const step = stepOf(this.#query.grid, row.bucket);
    if (this.#open[step] === 0) return;
    this.#membership.advance(row.bucket, () => undefined);
    const members = this.#membership.of(row.shard);
    if (members === null) return;
    const count = readPositions(row.data, this.#buffer);
    const { positions, values } = this.#buffer;
    for (let index = 0; index < count; index++) {
      if (this.#query.rated && values[index] === 0) continue;
      const flags = this.flags[members.group[positions[index] as number] as number];
      if (flags === undefined) continue;
      this.#set(flags, step);
      if (this.#open[step] === 0) return;
    }
  }

  /** Who had a rated interval in every minute of an hour; an hour in which somebody goes over is left to its minutes. */
  addSteady({ shard, hour, steady }: SteadyRow, segment: Range): void {
    if (this.#groups.changes.some(({ from }) => from > hour && from < hour + HOUR_MS)) return;
    this.#membership.advance(hour, () => undefined);
    const members = this.#membership.of(shard);
    if (members === null) return;
    const steadyGroups = new Set<number>();
    for (let position = 0; position < SHARD_SIZE; position++) {
      if (((steady[position >> 3] as number) & (1 << (position & 7))) === 0) continue;
      steadyGroups.add(members.group[position] as number);
    }
    const { grid } = this.#query;
    const { from, to } = within(hour, segment);
    for (const group of steadyGroups) {
      const flags = this.flags[group];
      if (flags === undefined) continue;
      for (let step = stepOf(grid, from); step <= stepOf(grid, to - 1); step++) this.#set(flags, step);
    }
  }

  /** A group has reported in a step. */
  #set(flags: Uint8Array, step: number): void {
    if (flags[step] === 1) return;
    flags[step] = 1;
    (this.#open[step] as number)--;
  }

  /** The steps that begin in a part of the range, whole ones, in which some group is still open. */
  openSteps({ from, to }: Range): Range[] {
    const { start, stepMs } = this.#query.grid;
    const steps: Range[] = [];
    for (let step = stepOf(this.#query.grid, from); start + step * stepMs < to; step++) {
      if (this.#open[step] === 0) continue;
      // The first step has what of a whole hour lies before it.
      steps.push({
        from: Math.max(from, step === 0 ? from : start + step * stepMs),
        to: start + (step + 1) * stepMs,
      });
    }
    return steps;
  }
}
