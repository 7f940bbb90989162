import { addCounts, type Count } from "../../protocol/count.ts";
import { positionsIn } from "../../rates/increases.ts";
import { valueAt } from "../../rates/values.ts";
import type { Db } from "../client.ts";
import { isRoot } from "../directory.ts";
import type { SnapshotReader } from "../history/snapshot-reader.ts";
import { readSpan } from "../history/span.ts";
import { type NamespaceIncrease, readIncreases } from "../increases-reader.ts";
import type { Grid, Range } from "./range.ts";
import { partsOf } from "./steps.ts";

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

/** Raw snapshots are read in parts of so long, so that what is held at once does not grow with the range. */
const PART_MS = 2 * 3_600_000;
/** Pauses up to this long are shown as such, as far as snapshots are kept; what came before a longer one is forgotten. */
const PAUSES_MS = 7 * 24 * 3_600_000;
/** Read before each part as well: what its first snapshots are measured from nearly always lies in it. */
const BEFORE_MS = 65_000;

/** Parts of a range of which it is not known how many snapshots it has: no more is read in vain than one of them has. */
const COUNTED_PART_MS = 10 * 60_000;

/** What namespaces did, from their raw snapshots, part by part in the order given; of a part by namespace and time. */
async function* readParts(
  reader: SnapshotReader,
  db: Db,
  namespaceIds: readonly number[],
  parts: Iterable<Range>,
  onRead: (snapshots: number) => void = () => undefined,
): AsyncGenerator<NamespaceIncrease[]> {
  for (const part of parts) {
    const from = part.from + 1;
    const records = await readSpan(db, { namespaceIds }, { from: from - BEFORE_MS, to: part.to + 1 });
    onRead(records.length);
    if (records.length > 0)
      yield await readIncreases(reader, db, records, { since: from, pausesMs: PAUSES_MS });
  }
}

/**
 * The exact increase of a counter over a range; null when no snapshot in it gave one.
 *
 * @param onRead told how many snapshots each part had, before these are decoded: what it throws ends the reading
 */
export async function readHostIncrease(
  reader: SnapshotReader,
  db: Db,
  namespaceIds: readonly number[],
  range: Range,
  counterId: number,
  onRead?: (snapshots: number) => void,
): Promise<Count | null> {
  let total: Count | null = null;
  const partMs = onRead === undefined ? PART_MS : COUNTED_PART_MS;
  const parts = partsOf(range, { start: range.from, stepMs: partMs }, partMs);
  for await (const part of readParts(reader, db, namespaceIds, parts, onRead)) {
    for (const increase of part) {
      const count = countOf(increase, counterId);
      if (count !== null) total = addCounts(total ?? 0, count);
    }
  }
  return total;
}

/** What is asked of the raw snapshots of a host. */
export interface HostSeriesQuery {
  readonly range: Range;
  readonly grid: Grid;
  readonly counterIds: readonly number[];
}

/** The rates of counters on a grid, in the order of the ids; an interval lies in the step that it ends in. */
export async function readHostSeries(
  reader: SnapshotReader,
  db: Db,
  namespaceIds: readonly number[],
  query: HostSeriesQuery,
): Promise<HostSeries[]> {
  const [series] = await readSeriesOfHosts(reader, db, [namespaceIds], query);
  if (series === undefined) throw new Error("one host has one answer");
  return series;
}

/**
 * The same for several hosts, each given by its namespaces, in the order given: their snapshots are read together,
 * so that the number of statements grows with the range and not with the hosts.
 */
export async function readSeriesOfHosts(
  reader: SnapshotReader,
  db: Db,
  hosts: readonly (readonly number[])[],
  query: HostSeriesQuery,
): Promise<HostSeries[][]> {
  const sums = hosts.map(() => new HostSum(query));
  const sumOf = new Map(hosts.flatMap((ids, index) => ids.map((id) => [id, sums[index]] as const)));
  // A step lies in one part: its rate is of all that it has.
  const parts = partsOf(query.range, query.grid, PART_MS);
  for await (const part of readParts(reader, db, [...sumOf.keys()], parts)) {
    for (const increase of part) sumOf.get(increase.namespaceId)?.add(increase);
  }
  return sums.map((sum) => sum.series());
}

/** The counters of one host, and when they began anew or were not seen. */
class HostSum {
  readonly #counterIds: readonly number[];
  readonly #sums: readonly SeriesSum[];
  readonly #resets: number[] = [];
  readonly #gaps: { from: number; to: number }[] = [];

  constructor({ counterIds, grid }: HostSeriesQuery) {
    this.#counterIds = counterIds;
    this.#sums = counterIds.map(() => new SeriesSum(grid));
  }

  add(increase: NamespaceIncrease): void {
    const { snapshot, interval } = increase;
    if (isReset(increase)) this.#resets.push(snapshot.at);
    if (interval.kind === "interval" && !interval.rated) {
      this.#gaps.push({ from: interval.previous.at, to: snapshot.at });
    }
    if (interval.kind === "baseline" && interval.reason === "gap") {
      this.#gaps.push({ from: interval.previous.at, to: snapshot.at });
    }
    this.#counterIds.forEach((counterId, index) => {
      this.#sums[index]?.add(increase, countOf(increase, counterId));
    });
  }

  series(): HostSeries[] {
    return this.#sums.map((sum) => ({
      values: sum.rates(),
      total: sum.total,
      resets: this.#resets,
      gaps: this.#gaps,
    }));
  }
}

/** The counters began anew. */
function isReset({ interval, increases }: NamespaceIncrease): boolean {
  if (interval.kind === "baseline" && interval.reason === "rebooted") return true;
  return interval.kind === "sinceBoot" || increases.baseline === "recreated";
}

/**
 * One counter on a grid: a namespace's rate in a step is what it grew by over the time that took, a container's over
 * that of its host where this is longer (`rootBeside`), a host's their sum. What a namespace did in a step is added in
 * one go. Of a step the root comes first, which has the lowest id.
 */
class SeriesSum {
  total: Count | null = null;
  readonly #grid: Grid;
  /** By step; NaN where no rate may be told. */
  readonly #rates: Float64Array;
  /** By step: how long the root was covered. */
  readonly #rootMs: Float64Array;
  #namespaceId = -1;
  #step = -1;
  #value = 0;
  #ms = 0;

  constructor(grid: Grid) {
    this.#grid = grid;
    this.#rates = new Float64Array(grid.length).fill(Number.NaN);
    this.#rootMs = new Float64Array(grid.length);
  }

  add({ namespaceId, snapshot, increases }: NamespaceIncrease, count: Count | null): void {
    if (count === null) return;
    this.total = addCounts(this.total ?? 0, count);
    if (increases.ratedMs === 0) return;
    // Steps are named by their start and hold (start, start + step]: the later snapshot's side of an interval.
    const { start, stepMs, length } = this.#grid;
    const step = Math.ceil((snapshot.at - start) / stepMs) - 1;
    if (step < 0 || step >= length) return;
    if (step !== this.#step || namespaceId !== this.#namespaceId) {
      this.#settle();
      this.#step = step;
      this.#namespaceId = namespaceId;
    }
    this.#value += Number(count);
    this.#ms += increases.ratedMs;
  }

  rates(): (number | null)[] {
    this.#settle();
    return Array.from(this.#rates, (rate) => (Number.isNaN(rate) ? null : rate));
  }

  #settle(): void {
    if (this.#ms > 0) {
      const before = this.#rates[this.#step] as number;
      if (isRoot(this.#namespaceId)) this.#rootMs[this.#step] = this.#ms;
      const ms = Math.max(this.#ms, this.#rootMs[this.#step] as number);
      this.#rates[this.#step] = (Number.isNaN(before) ? 0 : before) + (this.#value * 1000) / ms;
    }
    this.#value = 0;
    this.#ms = 0;
  }
}

function countOf({ snapshot, increases }: NamespaceIncrease, counterId: number): Count | null {
  const position = positionsIn(snapshot.layout).get(counterId);
  return position === undefined ? null : valueAt(increases.counts, position);
}
