import { GaugeSums } from "../../rates/gauges.ts";
import type { Increases } from "../../rates/increases.ts";
import { MINUTE_MS, MinuteSum } from "../../rates/minute.ts";
import type { Db } from "../client.ts";
import { SHARD_SIZE } from "../codec/positions.ts";
import type { SnapshotRecord } from "../history/record.ts";
import type { SnapshotReader } from "../history/snapshot-reader.ts";
import { readSpan } from "../history/span.ts";
import { readIncreases } from "../increases-reader.ts";
import { type NamespaceListeners, readListenerMinutes } from "./listener-minutes.ts";
import { readOpenMinute } from "./open-minute.ts";

/** Faults of the data that were met: what they cost is in no sum, so it is said. */
export interface DataProblems {
  /** Counters that fell and did not wrap. */
  fell: number;
  /** Namespaces under whose key another one has come. */
  recreated: number;
  /** Snapshots whose uptime had not grown since the one before. */
  outOfOrder: number;
}

/** A minute of a shard, rolled up. */
export interface RolledMinute {
  /** Start of the minute, ms since 1970. */
  readonly minute: number;
  readonly sum: MinuteSum;
  /** Null of a minute that was not over: only event counters are in the sum then. */
  readonly closed: { readonly gauges: GaugeSums; readonly listeners: readonly NamespaceListeners[] } | null;
  readonly snapshots: number;
}

export interface SumDeps {
  readonly reader: SnapshotReader;
  /** Counters that are rolled up while their minute is still open, by full name. */
  readonly isEventCounter: (name: string) => boolean;
}

export function readMinute(db: Db, shard: number, minute: number): Promise<SnapshotRecord[]> {
  return readSpan(db, { shard }, { from: minute, to: minute + MINUTE_MS });
}

/** All of a minute that is over. @param records its snapshots, by namespace and time */
export async function sumClosedMinute(
  reader: SnapshotReader,
  db: Db,
  shard: number,
  minute: number,
  records: readonly SnapshotRecord[],
  problems: DataProblems,
): Promise<RolledMinute> {
  const all = await readIncreases(reader, db, records);
  const sum = new MinuteSum();
  const gauges = new GaugeSums();
  for (const { namespaceId, snapshot, increases } of all) {
    const position = namespaceId % SHARD_SIZE;
    sum.add(position, snapshot, increases);
    gauges.add(position, snapshot);
    count(problems, increases);
  }
  const listeners = await readListenerMinutes(reader, db, shard, minute, all);
  return { minute, sum, closed: { gauges, listeners }, snapshots: records.length };
}

/**
 * The event counters of a minute that is not over: of all namespaces, or of what is stored with these
 * namespaces computed anew. A position's sum is of its own snapshots alone either way.
 *
 * @returns null when the minute is closed after all: by a worker whose clock is ahead of ours
 */
export async function sumOpenMinute(
  deps: SumDeps,
  db: Db,
  shard: number,
  minute: number,
  touched: ReadonlySet<number> | "all",
): Promise<RolledMinute | null> {
  const { layouts } = deps.reader;
  const sum = new MinuteSum((counterId) => deps.isEventCounter(layouts.counterName(counterId) ?? ""));
  const isOpen = await readOpenMinute(db, shard, minute, touched, sum);
  if (!isOpen) return null;
  const records =
    touched === "all"
      ? await readMinute(db, shard, minute)
      : await readSpan(db, { namespaceIds: [...touched] }, { from: minute, to: minute + MINUTE_MS });
  for (const { namespaceId, snapshot, increases } of await readIncreases(deps.reader, db, records)) {
    sum.add(namespaceId % SHARD_SIZE, snapshot, increases);
  }
  return { minute, sum, closed: null, snapshots: records.length };
}

function count(problems: DataProblems, { fell, baseline }: Increases): void {
  problems.fell += fell.length;
  if (baseline === "recreated") problems.recreated++;
  if (baseline === "out_of_order") problems.outOfOrder++;
}
