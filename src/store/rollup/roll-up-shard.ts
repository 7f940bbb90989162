import type { PrismaClient } from "../../generated/prisma/client.ts";
import { MINUTE_MS, MinuteSum, minuteOf } from "../../rates/minute.ts";
import { type Db, inTransaction } from "../client.ts";
import { SHARD_SIZE } from "../codec/positions.ts";
import { storeFault } from "../errors.ts";
import { type Lookup, lookupOf, type SnapshotRecord } from "../history/record.ts";
import type { SnapshotReader } from "../history/snapshot-reader.ts";
import { readSpan } from "../history/span.ts";
import { readSuccessorMinutes } from "../history/successors.ts";
import { readIncreases } from "../increases-reader.ts";
import type { Partitions } from "../partitions.ts";
import { readMarks } from "./read.ts";
import { deleteMarks, type RolledMinute, replaceMinutes } from "./write.ts";

/** First key of the advisory locks that rollup workers take; the second is the shard. */
const LOCK_CLASS = 0x5350_0001;
/** Marks taken by one run: a long outage is caught up in several. */
const MARKS_PER_RUN = 20_000;
/** Closed minutes rolled up by one run. */
const MINUTES_PER_RUN = 30;

const ATTEMPTS = 4;

export interface RollupDeps {
  readonly db: PrismaClient;
  readonly reader: SnapshotReader;
  readonly partitions: Partitions;
  /** Counters that are rolled up while their minute is still open, by full name. */
  readonly isEventCounter: (name: string) => boolean;
}

/** What a run did: `busy` when another worker holds the shard, `more` when marks of closed minutes remain. */
export type RollupOutcome =
  | { readonly kind: "busy" }
  | { readonly kind: "done"; readonly minutes: number; readonly snapshots: number; readonly more: boolean };

/**
 * Rolls up the marked minutes of a shard.
 *
 * Safe to run twice, at once, or to die half-way: everything is one transaction under the shard's lock. The
 * marks are read first and the snapshots in later statements, so that (READ COMMITTED) a snapshot that is
 * missed has left a mark that is not deleted. A minute is computed anew from its snapshots and replaced, so
 * late and shuffled deliveries end in the same rows as punctual ones.
 *
 * A snapshot that arrives late also changes the increase of the one after it: the minutes of successors are
 * computed anew as well. A minute that is still open gets its event counters only, and keeps its marks.
 *
 * @param now ms since 1970
 */
export async function rollUpShard(deps: RollupDeps, shard: number, now: number): Promise<RollupOutcome> {
  const { db, partitions } = deps;
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(db, (tx) => rollUpMarked(deps, tx, shard, now));
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      // Partitions are made outside of the transaction, which would hold a second connection meanwhile.
      if (storeFault(error) === "no_partition") partitions.forget();
      else if (!(error instanceof PartitionsNeeded)) throw error;
      else for (const table of TABLES) await partitions.ensure(db, table, error.times);
    }
  }
}

const TABLES = ["rollup_minute", "coverage"] as const;

/** Says which minutes have no partition yet. */
class PartitionsNeeded extends Error {
  readonly times: readonly number[];

  constructor(times: readonly number[]) {
    super(`no partition for ${times.map((time) => new Date(time).toISOString()).join(", ")}`);
    this.times = times;
  }
}

async function rollUpMarked(deps: RollupDeps, tx: Db, shard: number, now: number): Promise<RollupOutcome> {
  const openFrom = minuteOf(now);
  const [lock] = await tx.$queryRaw<{ taken: boolean }[]>`
      SELECT pg_try_advisory_xact_lock(${LOCK_CLASS}::int, ${shard}::int) AS taken`;
  if (lock?.taken !== true) return { kind: "busy" };

  const marks = await readMarks(tx, shard, MARKS_PER_RUN);
  const marked = [...new Set(marks.map((mark) => mark.minute))].sort((a, b) => a - b);
  const closed = marked.filter((minute) => minute < openFrom).slice(0, MINUTES_PER_RUN);
  const open = marked.filter((minute) => minute >= openFrom);
  if (closed.length + open.length === 0) return { kind: "done", minutes: 0, snapshots: 0, more: false };

  const records = new Map<number, SnapshotRecord[]>();
  for (const minute of [...closed, ...open]) records.set(minute, await readMinute(tx, shard, minute));
  // A successor in an open minute is left to that minute's own marks; where they are gone, a worker whose
  // clock is ahead of ours has closed it, and it is closed for us too.
  const leftOpen = new Set(open);
  for (const minute of await successors(tx, closed, records)) {
    if (!records.has(minute)) records.set(minute, await readMinute(tx, shard, minute));
  }

  const rolled: RolledMinute[] = [];
  let snapshots = 0;
  for (const [minute, own] of records) {
    const isOpen = leftOpen.has(minute);
    const sum = await sumMinute(deps, tx, own, isOpen);
    rolled.push({ minute, sum, open: isOpen });
    snapshots += own.length;
  }
  const times = [...records.keys()];
  if (!TABLES.every((table) => deps.partitions.has(table, times))) throw new PartitionsNeeded(times);
  await replaceMinutes(tx, shard, rolled);
  const taken = new Set(closed);
  const doneMarks = marks.filter((mark) => taken.has(mark.minute));
  await deleteMarks(
    tx,
    shard,
    doneMarks.map((mark) => mark.id),
  );
  const more =
    marks.length === MARKS_PER_RUN || marked.some((minute) => minute < openFrom && !taken.has(minute));
  return { kind: "done", minutes: rolled.length, snapshots, more };
}

function readMinute(db: Db, shard: number, minute: number): Promise<SnapshotRecord[]> {
  return readSpan(db, { shard }, { from: minute, to: minute + MINUTE_MS });
}

/** The minutes of the snapshots that follow those of the closed minutes, whose increases may have changed. */
async function successors(
  db: Db,
  closed: readonly number[],
  records: ReadonlyMap<number, readonly SnapshotRecord[]>,
): Promise<number[]> {
  const lookups = closed.flatMap((minute) => lastOfEach(records.get(minute) ?? []));
  return lookups.length === 0 ? [] : readSuccessorMinutes(db, lookups);
}

/** The last snapshot of each namespace and epoch. */
function lastOfEach(records: readonly SnapshotRecord[]): Lookup[] {
  const last = new Map<string, Lookup>();
  for (const record of records) {
    last.set(`${record.namespace_id} ${record.epoch_id}`, lookupOf(record));
  }
  return [...last.values()];
}

async function sumMinute(
  deps: RollupDeps,
  db: Db,
  records: readonly SnapshotRecord[],
  eventsOnly: boolean,
): Promise<MinuteSum> {
  const { reader } = deps;
  const all = await readIncreases(reader, db, records);
  const sum = new MinuteSum(
    eventsOnly ? (counterId) => deps.isEventCounter(reader.layouts.counterName(counterId) ?? "") : null,
  );
  for (const { namespaceId, snapshot, increases } of all) {
    sum.add(namespaceId % SHARD_SIZE, snapshot, increases);
  }
  return sum;
}
