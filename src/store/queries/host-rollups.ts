import { SpillwayError } from "../../errors.ts";
import { addCounts, type Count } from "../../protocol/count.ts";
import { formatDuration } from "../../protocol/duration.ts";
import type { Db } from "../client.ts";
import type { SnapshotReader } from "../history/snapshot-reader.ts";
import { rolledUpTo } from "../rollup/shards.ts";
import { type HostSeries, readHostIncrease } from "./host-series.ts";
import type { Grid, Range } from "./range.ts";
import { MINUTE_MS } from "./resolution.ts";
import type { Reporters } from "./rollup-rows.ts";
import { oneStep } from "./steps.ts";
import { readTrend, type TrendQuery } from "./trend.ts";

/** Raw snapshots read for one answer at most: what is more is answered from minutes and hours. */
export const SNAPSHOTS_MAX = 50_000;

/** Of these so many at either end of a range that is answered from minutes, whatever else the answer has read. */
const ENDS_MAX = 5_000;

/** What is left of the raw snapshots that the fields of one answer may read together. */
export interface SnapshotBudget {
  readonly snapshotsLeft: number;
  takeSnapshots(count: number): void;
}

export interface HostQuestion {
  readonly range: Range;
  readonly namespaces: number;
  /** The agent's interval. */
  readonly everyMs: number;
  /** Null where the caller leaves the step to us. */
  readonly stepMs: number | null;
  /** Snapshots before this are gone, ms since 1970. */
  readonly rawFrom: number;
  /** When the host was first heard of. */
  readonly firstSeen: number;
  readonly now: number;
  /** Raw snapshots that the answer may still read. */
  readonly snapshotsLeft?: number;
}

/** An agent may bring along what it had spooled before it was first heard. */
const SPOOLED_MS = 24 * 3_600_000;

/** Some how many raw snapshots a question would read. */
export function snapshotsOf({
  range,
  namespaces,
  everyMs,
  rawFrom,
  firstSeen,
  now,
}: Omit<HostQuestion, "stepMs">): number {
  const from = Math.max(range.from, rawFrom, firstSeen - SPOOLED_MS);
  return Math.ceil((Math.max(0, Math.min(range.to, now) - from) / everyMs) * namespaces);
}

/**
 * Whether a question about a host is answered from minutes and hours: when it would read too many snapshots, or
 * when those of its beginning are gone. They give the same rates, in whole minutes; they do not know of resets
 * and gaps.
 *
 * @throws LIMIT_EXCEEDED for too many snapshots in steps that cut minutes
 */
export function takesRollups(question: HostQuestion): boolean {
  const { range, stepMs, rawFrom, firstSeen, snapshotsLeft = SNAPSHOTS_MAX } = question;
  const snapshots = snapshotsOf(question);
  const tooMany = snapshots > Math.min(SNAPSHOTS_MAX, snapshotsLeft);
  const gone = Math.max(range.from, firstSeen - SPOOLED_MS) < rawFrom;
  if (stepMs === null || stepMs % MINUTE_MS === 0) return tooMany || gone;
  if (!tooMany) return false;
  if (snapshots <= SNAPSHOTS_MAX) {
    throw new SpillwayError(
      "LIMIT_EXCEEDED",
      `steps of ${formatDuration(stepMs)} of so many hosts are read from too many snapshots: ask for steps of whole ` +
        "minutes, a shorter range, or fewer hosts",
    );
  }
  throw new SpillwayError(
    "LIMIT_EXCEEDED",
    `steps of ${formatDuration(stepMs)} are read from some ${snapshots} snapshots; at most ${SNAPSHOTS_MAX} are read ` +
      "at once: ask for steps of whole minutes, a shorter range, or one namespace",
  );
}

/** A counter as a host's question names it; an id of null is of one that no host has sent. */
export interface HostCounter {
  readonly counterId: number | null;
  readonly reporters: Reporters;
}

export interface HostRollupQuery extends Pick<TrendQuery, "fleet" | "now"> {
  readonly namespaceIds: readonly number[];
  /** Whole minutes. */
  readonly range: Range;
}

/** The rates of counters from minutes or hours, in the order asked; an increase lies in the minute of its later snapshot. */
export async function readRolledUpSeries(
  db: Db,
  query: HostRollupQuery,
  grid: Grid,
  counters: readonly HostCounter[],
): Promise<HostSeries[]> {
  const series: HostSeries[] = [];
  for (const counter of counters) {
    const found = await trendOf(db, query, counter, grid, "RATE");
    const values = found?.values ?? new Array<null>(grid.length).fill(null);
    series.push({ values, total: found?.total ?? null, resets: [], gaps: [] });
  }
  return series;
}

/**
 * The exact increase of a counter over a long range: from minutes and hours as far as these say everything, and
 * from the snapshots themselves before the first whole minute and behind the last; null when no snapshot gave one.
 *
 * @throws LIMIT_EXCEEDED where the rollups are so far behind that too many snapshots would be read
 */
export async function readLongIncrease(
  reader: SnapshotReader,
  db: Db,
  query: HostRollupQuery,
  range: Range,
  counter: HostCounter,
  budget: SnapshotBudget,
): Promise<Count | null> {
  const { namespaceIds } = query;
  const upTo = Math.min(range.to + 1, await rolledUpTo(db, namespaceIds));
  const whole = {
    from: Math.ceil((range.from + 1) / MINUTE_MS) * MINUTE_MS,
    to: Math.floor(upTo / MINUTE_MS) * MINUTE_MS,
  };
  const onRead = boundedBy(budget, upTo);
  const raw = (from: number, to: number) =>
    from >= to
      ? null
      : readHostIncrease(reader, db, namespaceIds, { from, to }, counter.counterId ?? -1, onRead);
  if (whole.from >= whole.to) return raw(range.from, range.to);
  const parts = [
    await raw(range.from, whole.from - 1),
    await inMinutes(db, { ...query, range: whole }, counter),
    await raw(whole.to - 1, range.to),
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.reduce<Count>(addCounts, 0);
}

/** Takes snapshots that were read, up to what one field or the whole answer may read. */
function boundedBy(budget: SnapshotBudget, rolledUpTo: number): (snapshots: number) => void {
  const most = Math.min(SNAPSHOTS_MAX, Math.max(ENDS_MAX, budget.snapshotsLeft));
  let read = 0;
  return (snapshots) => {
    read += snapshots;
    budget.takeSnapshots(snapshots);
    if (read <= most) return;
    throw new SpillwayError(
      "LIMIT_EXCEEDED",
      `what is not in whole minutes that are rolled up, which they are up to ${new Date(rolledUpTo).toISOString()}, is ` +
        `read from over ${most} snapshots: ask for a range that ends before that, for one namespace, or later again`,
    );
  };
}

async function inMinutes(db: Db, query: HostRollupQuery, counter: HostCounter): Promise<Count | null> {
  const found = await trendOf(db, query, counter, oneStep(query.range), "INCREASE");
  return found?.total ?? null;
}

async function trendOf(
  db: Db,
  { namespaceIds, ...query }: HostRollupQuery,
  { counterId, reporters }: HostCounter,
  grid: Grid,
  measure: "RATE" | "INCREASE",
) {
  if (counterId === null) return null;
  const groups = { labels: [{}], of: new Map(namespaceIds.map((id) => [id, 0])), changes: [] };
  const [found] = await readTrend(db, { ...query, counterId, reporters, grid, measure, groups });
  return found ?? null;
}
