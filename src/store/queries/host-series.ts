import { addCounts, type Count } from "../../protocol/count.ts";
import { positionsIn } from "../../rates/increases.ts";
import { valueAt } from "../../rates/values.ts";
import type { Db } from "../client.ts";
import type { SnapshotReader } from "../history/snapshot-reader.ts";
import { readSpan } from "../history/span.ts";
import { type NamespaceIncrease, readIncreases } from "../increases-reader.ts";
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

/** Raw snapshots are read in parts of so long, so that what is held at once does not grow with the range. */
const PART_MS = 2 * 3_600_000;
/** Pauses up to this long are shown as such, as far as snapshots are kept; what came before a longer one is forgotten. */
const PAUSES_MS = 7 * 24 * 3_600_000;

/** What namespaces did in a range, from their raw snapshots, part by part in the order of time. */
async function* readParts(
  reader: SnapshotReader,
  db: Db,
  namespaceIds: readonly number[],
  range: Range,
): AsyncGenerator<NamespaceIncrease[]> {
  for (let from = range.from; from < range.to; from += PART_MS) {
    const to = Math.min(from + PART_MS, range.to);
    const records = await readSpan(db, { namespaceIds }, { from: from + 1, to: to + 1 });
    if (records.length > 0) yield await readIncreases(reader, db, records, PAUSES_MS);
  }
}

/** The exact increase of a counter over a range; null when no snapshot in it gave one. */
export async function readHostIncrease(
  reader: SnapshotReader,
  db: Db,
  namespaceIds: readonly number[],
  range: Range,
  counterId: number,
): Promise<Count | null> {
  let total: Count | null = null;
  for await (const part of readParts(reader, db, namespaceIds, range)) {
    for (const increase of part) {
      const count = countOf(increase, counterId);
      if (count !== null) total = addCounts(total ?? 0, count);
    }
  }
  return total;
}

/** The rates of counters on a grid, in the order of the ids; an interval lies in the step that it ends in. */
export async function readHostSeries(
  reader: SnapshotReader,
  db: Db,
  namespaceIds: readonly number[],
  range: Range,
  grid: Grid,
  counterIds: readonly number[],
): Promise<HostSeries[]> {
  const sums = counterIds.map(() => new SeriesSum(grid));
  const resets: number[] = [];
  const gaps: { from: number; to: number }[] = [];
  for await (const part of readParts(reader, db, namespaceIds, range)) {
    for (const increase of part) {
      const { snapshot, interval } = increase;
      if (isReset(increase)) resets.push(snapshot.at);
      if (interval.kind === "interval" && !interval.rated) {
        gaps.push({ from: interval.previous.at, to: snapshot.at });
      }
      if (interval.kind === "baseline" && interval.reason === "gap") {
        gaps.push({ from: interval.previous.at, to: snapshot.at });
      }
      counterIds.forEach((counterId, index) => {
        sums[index]?.add(increase, countOf(increase, counterId));
      });
    }
  }
  return sums.map((sum) => ({ values: sum.rates(), total: sum.total, resets, gaps }));
}

/** The counters began anew. */
function isReset({ interval, increases }: NamespaceIncrease): boolean {
  if (interval.kind === "baseline" && interval.reason === "rebooted") return true;
  return interval.kind === "sinceBoot" || increases.baseline === "recreated";
}

/** One counter on a grid: a namespace's rate in a step is what it grew by over the time that took, a host's their sum. */
class SeriesSum {
  total: Count | null = null;
  readonly #grid: Grid;
  readonly #steps: Map<number, { value: number; ms: number }>[];

  constructor(grid: Grid) {
    this.#grid = grid;
    this.#steps = Array.from({ length: grid.length }, () => new Map());
  }

  add({ namespaceId, snapshot, increases }: NamespaceIncrease, count: Count | null): void {
    if (count === null) return;
    this.total = addCounts(this.total ?? 0, count);
    if (increases.ratedMs === 0) return;
    // Steps are named by their start and hold (start, start + step]: the later snapshot's side of an interval.
    const { start, stepMs } = this.#grid;
    const step = this.#steps[Math.ceil((snapshot.at - start) / stepMs) - 1];
    if (step === undefined) return;
    const sum = step.get(namespaceId);
    if (sum === undefined) step.set(namespaceId, { value: Number(count), ms: increases.ratedMs });
    else {
      sum.value += Number(count);
      sum.ms += increases.ratedMs;
    }
  }

  rates(): (number | null)[] {
    return this.#steps.map((step) => {
      if (step.size === 0) return null;
      let rate = 0;
      for (const { value, ms } of step.values()) rate += (value * 1000) / ms;
      return rate;
    });
  }
}

function countOf({ snapshot, increases }: NamespaceIncrease, counterId: number): Count | null {
  const position = positionsIn(snapshot.layout).get(counterId);
  return position === undefined ? null : valueAt(increases.counts, position);
}
