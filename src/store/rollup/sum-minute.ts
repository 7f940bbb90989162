import { GaugeSums } from "../../rates/gauges.ts";
import type { Increases } from "../../rates/increases.ts";
import { MINUTE_MS, MinuteSum, minuteOf } from "../../rates/minute.ts";
import type { Db } from "../client.ts";
import { SHARD_SIZE } from "../codec/positions.ts";
import { type Lookup, lookupOf, type SnapshotRecord, type Whose } from "../history/record.ts";
import type { SnapshotReader } from "../history/snapshot-reader.ts";
import { readSpan } from "../history/span.ts";
import { withoutUnreadable } from "../history/unreadable.ts";
import { readIncreases } from "../increases-reader.ts";
import { type NamespaceListeners, readListenerMinutes } from "./listener-minutes.ts";
import type { Touched } from "./marks.ts";
import { minutesIn, type Run } from "./runs.ts";
import { readOpenMinute } from "./stored-minute.ts";

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
  readonly closed: ClosedMinute | null;
  readonly snapshots: number;
}

/** Counters that fell and did not wrap, by their ids, in a snapshot. */
export interface FellCounters {
  /** ms since 1970 */
  readonly at: number;
  readonly counterIds: readonly number[];
}

export interface ClosedMinute {
  readonly gauges: GaugeSums;
  readonly listeners: readonly NamespaceListeners[];
  /** Namespaces that cannot be read: of their listeners what is stored stays. */
  readonly unread?: readonly number[];
  /** By namespace, the first snapshot in which counters fell. */
  readonly fell?: ReadonlyMap<number, FellCounters>;
}

export interface SumDeps {
  readonly reader: SnapshotReader;
  /** Counters that are rolled up while their minute is still open, by full name. */
  readonly isEventCounter: (name: string) => boolean;
}

/** What a run comes to, with what later snapshots and lists of listeners are measured from. */
export interface RolledRun {
  readonly minutes: readonly RolledMinute[];
  /** The last snapshot of each namespace and epoch. */
  readonly last: readonly Lookup[];
  /** The last list of listeners of each. */
  readonly lastLists: readonly Lookup[];
  readonly problems: DataProblems;
}

/**
 * All of the minutes of a run, which are over.
 *
 * @param parts whose snapshots, as they are read together
 * @throws UnreadableError
 */
export async function sumRun(
  reader: SnapshotReader,
  db: Db,
  parts: readonly Whose[],
  run: Run,
): Promise<RolledRun> {
  const problems: DataProblems = { fell: 0, recreated: 0, outOfOrder: 0 };
  const minutes = new Map(minutesIn(run).map((minute) => [minute, emptyMinute()]));
  const last: Lookup[] = [];
  const lastLists: Lookup[] = [];
  for (const whose of parts) {
    const records = await readSpan(db, whose, run);
    if (records.length === 0) continue;
    const all = await readIncreases(reader, db, records);
    for (const { namespaceId, snapshot, increases } of all) {
      const minute = minutes.get(minuteOf(snapshot.at));
      if (minute === undefined) continue;
      const position = namespaceId % SHARD_SIZE;
      minute.sum.add(position, snapshot, increases);
      minute.gauges.add(position, snapshot);
      minute.snapshots++;
      count(problems, increases);
      if (increases.fell.length > 0 && !minute.fell.has(namespaceId)) {
        minute.fell.set(namespaceId, { at: snapshot.at, counterIds: increases.fell });
      }
    }
    last.push(...lastOfEach(records));
    const listed = await readListenerMinutes(reader, db, whose, run, all);
    for (const [minute, listeners] of listed.minutes) minutes.get(minute)?.listeners.push(...listeners);
    lastLists.push(...listed.last);
  }
  const rolled = [...minutes].map(([minute, { sum, snapshots, gauges, listeners, fell }]) => ({
    minute,
    sum,
    closed: { gauges, listeners, fell },
    snapshots,
  }));
  return { minutes: rolled, last, lastLists, problems };
}

function emptyMinute() {
  const listeners: NamespaceListeners[] = [];
  const fell = new Map<number, FellCounters>();
  return { sum: new MinuteSum(), gauges: new GaugeSums(), listeners, fell, snapshots: 0 };
}

/** The last snapshot of each namespace and epoch. */
function lastOfEach(records: readonly SnapshotRecord[]): Lookup[] {
  const last = new Map<string, SnapshotRecord>();
  for (const record of records) last.set(`${record.namespace_id} ${record.epoch_id}`, record);
  return [...last.values()].map(lookupOf);
}

/**
 * The event counters of a minute that is not over: of all namespaces, or of what is stored with these
 * namespaces computed anew. A position's sum is of its own snapshots alone either way. What cannot be read is left
 * for when the minute is over.
 *
 * @returns null when the minute is closed after all: by a worker whose clock is ahead of ours
 */
export async function sumOpenMinute(
  deps: SumDeps,
  db: Db,
  shard: number,
  minute: number,
  touched: Touched,
): Promise<RolledMinute | null> {
  const { layouts } = deps.reader;
  return withoutUnreadable(async (without) => {
    const sum = new MinuteSum((counterId) => deps.isEventCounter(layouts.counterName(counterId) ?? ""));
    const isOpen = await readOpenMinute(db, shard, minute, touched, without.keys(), sum);
    if (!isOpen) return null;
    const whose =
      touched === "all"
        ? { shard, except: [...without.keys()] }
        : { namespaceIds: [...touched].filter((id) => !without.has(id)) };
    const records = await readSpan(db, whose, { from: minute, to: minute + MINUTE_MS });
    for (const { namespaceId, snapshot, increases } of await readIncreases(deps.reader, db, records)) {
      sum.add(namespaceId % SHARD_SIZE, snapshot, increases);
    }
    return { minute, sum, closed: null, snapshots: records.length };
  });
}

function count(problems: DataProblems, { fell, baseline }: Increases): void {
  problems.fell += fell.length;
  if (baseline === "recreated") problems.recreated++;
  if (baseline === "out_of_order") problems.outOfOrder++;
}
