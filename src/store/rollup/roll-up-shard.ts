import type { PrismaClient } from "../../generated/prisma/client.ts";
import { MINUTE_MS, minuteOf } from "../../rates/minute.ts";
import { type Db, inTransaction } from "../client.ts";
import type { Unreadable } from "../history/unreadable.ts";
import type { Partitions } from "../partitions.ts";
import { markHours } from "./hour-marks.ts";
import { deleteMarks, type MarkedMinute, readMarks, SeenMarks, type Touched } from "./marks.ts";
import { ensuring, needPartitions } from "./needed-partitions.ts";
import { compactedHours, runsOf } from "./runs.ts";
import { type SetAside, setAside } from "./set-aside.ts";
import { lockShard, settle } from "./shards.ts";
import { readableSuccessors } from "./successor-minutes.ts";
import { type DataProblems, type RolledMinute, type SumDeps, sumOpenMinute } from "./sum-minute.ts";
import { type ReadableRun, sumReadable } from "./sum-readable.ts";
import { replaceMinutes } from "./write.ts";

/** Minutes that have just closed are rolled up first, so that nobody who catches up keeps the others waiting. */
const NEWEST_MS = 3 * MINUTE_MS;
/** Marks of older minutes taken by one run: a long outage is caught up in several. */
const MARKS_PER_RUN = 20_000;
/** Closed minutes rolled up by one run ... */
const MINUTES_PER_RUN = 30;
/** ... which takes up no other of them when it has been at work for so long: those of hours that are compacted cost. */
const WORK_MS = 2_000;
/** An end to every wait; a run that came to it would never come further. */
const TIMEOUT_MS = 10 * 60_000;
/** Ingest takes nothing that lies further ahead than 5 min; the rest is for clocks that differ. */
const AHEAD_MAX_MS = 3_600_000;

const TABLES = ["rollup_minute", "coverage", "gauge_minute", "listener_minute"] as const;

export interface RollupDeps extends SumDeps {
  readonly db: PrismaClient;
  readonly partitions: Partitions;
  /** What this process has rolled up of open minutes; without it each run computes all of them. */
  readonly seen?: SeenMarks;
}

/** What a run did: `busy` when another worker holds the shard, `more` when marks of closed minutes remain. */
export type RollupOutcome =
  | { readonly kind: "busy" }
  | {
      readonly kind: "done";
      readonly minutes: number;
      readonly snapshots: number;
      readonly more: boolean;
      readonly problems: Readonly<DataProblems>;
      /** What could not be read, and is tried again later. */
      readonly aside: readonly SetAside[];
      /** Of it what was first met of its namespace. */
      readonly newlyAside: readonly Unreadable[];
    };

/**
 * Rolls up the marked minutes of a shard.
 *
 * Safe to run twice, at once, or to die half-way: everything is one transaction under the shard's lock. The
 * marks are read first and the snapshots in later statements, so that (READ COMMITTED) a snapshot that is
 * missed has left a mark that is not deleted. A minute is computed anew from its snapshots and replaced, so
 * late and shuffled deliveries end in the same rows as punctual ones.
 *
 * A snapshot that arrives late also changes the increase of the one after it: the minutes of successors are
 * computed anew as well. A minute that is still open gets its event counters only, keeps its marks, and has only
 * those namespaces computed that were touched since this process looked last.
 *
 * Of a namespace of which something cannot be read what is stored stays, and its minutes are set aside
 * (`retryAside`); everything else goes on.
 *
 * @param now ms since 1970
 */
export async function rollUpShard(deps: RollupDeps, shard: number, now: number): Promise<RollupOutcome> {
  const seen = deps.seen ?? new SeenMarks();
  const { outcome, open, settled } = await ensuring(deps, TABLES, () =>
    inTransaction(deps.db, (tx) => new ShardRun(deps, tx, shard, now, seen).run(), TIMEOUT_MS),
  );
  if (outcome.kind === "done") seen.note(shard, open, settled);
  return outcome;
}

interface RunResult {
  readonly outcome: RollupOutcome;
  /** The marks of open minutes that were rolled up. */
  readonly open: readonly MarkedMinute[];
  /** Up to where the shard is settled, at least so far as is known. */
  readonly settled: number;
}

const BUSY: RunResult = { outcome: { kind: "busy" }, open: [], settled: 0 };

/** One run, in one transaction. */
class ShardRun {
  readonly #deps: RollupDeps;
  readonly #tx: Db;
  readonly #shard: number;
  readonly #now: number;
  readonly #seen: SeenMarks;
  readonly #problems: DataProblems = { fell: 0, recreated: 0, outOfOrder: 0 };
  readonly #rolled = new Map<number, RolledMinute>();
  readonly #aside: SetAside[] = [];
  readonly #started = performance.now();

  constructor(deps: RollupDeps, tx: Db, shard: number, now: number, seen: SeenMarks) {
    this.#deps = deps;
    this.#tx = tx;
    this.#shard = shard;
    this.#now = now;
    this.#seen = seen;
  }

  async run(): Promise<RunResult> {
    const openFrom = minuteOf(this.#now);
    const newestFrom = openFrom - NEWEST_MS;
    if (!(await lockShard(this.#tx, this.#shard))) return BUSY;
    const floor = this.#seen.floor(this.#shard);
    const marks = await readMarks(this.#tx, this.#shard, MARKS_PER_RUN, { newestFrom, openFrom }, floor);
    const over = marks.minutes.filter(({ minute }) => minute < openFrom);
    const open = marks.minutes.filter(({ minute }) => minute >= openFrom);

    const touched = new Map(open.map((one) => [one.minute, this.#seen.unseen(this.#shard, one)]));
    const newest = over.filter(({ minute }) => minute >= newestFrom);
    const older = over.slice(0, over.length - newest.length);
    const taken = await this.#sumClosed(
      [newest, older.slice(0, MINUTES_PER_RUN)].map((some) => some.map(({ minute }) => minute)),
      touched,
    );
    for (const [minute, namespaces] of touched) await this.#sumOpen(minute, namespaces);

    const closed = over.filter(({ minute }) => taken.has(minute));
    const newlyAside = await this.#write(closed, openFrom);
    const more = marks.more || over.length > closed.length;
    return {
      open,
      settled: more ? 0 : openFrom,
      outcome: {
        kind: "done",
        minutes: this.#rolled.size,
        snapshots: [...this.#rolled.values()].reduce((sum, { snapshots }) => sum + snapshots, 0),
        more,
        problems: this.#problems,
        aside: this.#aside,
        newlyAside,
      },
    };
  }

  /**
   * Sums closed minutes, as many as time allows, and those of their successors; one in an open minute is added to
   * what is touched there.
   *
   * @param marked the minutes, those first that are to be done first
   * @returns the minutes that are done, with their successors: their marks may go
   */
  async #sumClosed(
    marked: readonly (readonly number[])[],
    touched: Map<number, Touched>,
  ): Promise<ReadonlySet<number>> {
    const runs: ReadableRun[] = [];
    for (const minutes of marked) runs.push(...(await this.#sumMinutes(minutes, WORK_MS)));
    const taken = new Set(this.#rolled.keys());
    const last = runs.flatMap((run) => run.last);
    if (last.length === 0) return taken;
    const lastLists = runs.flatMap((run) => run.lastLists);
    const { minutes: successors, aside } = await readableSuccessors(
      this.#tx,
      { last, lastLists },
      this.#now + AHEAD_MAX_MS,
    );
    this.#aside.push(...aside);
    const behind: number[] = [];
    for (const [minute, namespaces] of successors) {
      if (this.#rolled.has(minute)) continue;
      const there = touched.get(minute);
      // An open minute whose marks are gone was closed by a worker whose clock is ahead of ours. It is closed
      // for us too.
      if (there === undefined) behind.push(minute);
      else if (there !== "all") touched.set(minute, new Set([...there, ...namespaces]));
    }
    await this.#sumMinutes(behind, Number.POSITIVE_INFINITY);
    return taken;
  }

  /** Sums minutes that are over, run by run, oldest first. @param workMs begins no other run when so long has passed */
  async #sumMinutes(minutes: readonly number[], workMs: number): Promise<ReadableRun[]> {
    const rolled: ReadableRun[] = [];
    for (const run of runsOf(minutes, await compactedHours(this.#tx, minutes))) {
      if (rolled.length > 0 && performance.now() - this.#started > workMs) break;
      for (const one of await sumReadable(this.#deps.reader, this.#tx, this.#shard, run)) {
        for (const minute of one.minutes) this.#rolled.set(minute.minute, minute);
        this.#count(one.problems);
        this.#aside.push(...one.aside);
        rolled.push(one);
      }
    }
    return rolled;
  }

  async #sumOpen(minute: number, touched: Touched): Promise<void> {
    if (touched !== "all" && touched.size === 0) return;
    const rolled = await sumOpenMinute(this.#deps, this.#tx, this.#shard, minute, touched);
    if (rolled === null) await this.#sumMinutes([minute], Number.POSITIVE_INFINITY);
    else this.#rolled.set(minute, rolled);
  }

  #count({ fell, recreated, outOfOrder }: Readonly<DataProblems>): void {
    this.#problems.fell += fell;
    this.#problems.recreated += recreated;
    this.#problems.outOfOrder += outOfOrder;
  }

  /** @returns what was met of namespaces of which nothing was set aside before */
  async #write(closed: readonly MarkedMinute[], openFrom: number): Promise<Unreadable[]> {
    const { partitions } = this.#deps;
    const rolled = [...this.#rolled.values()];
    if (rolled.length > 0) {
      needPartitions(partitions, TABLES, [...this.#rolled.keys()]);
      await replaceMinutes(this.#tx, this.#shard, rolled);
    }
    const over = rolled.filter((one) => one.closed !== null);
    await markHours(
      this.#tx,
      this.#shard,
      over.map(({ minute }) => minute),
    );
    if (closed.length > 0) {
      await deleteMarks(this.#tx, this.#shard, closed.map(({ ids }) => ids).join(","));
    }
    // A mark of an old minute that shows only now holds `settled` back until the run that takes it.
    if (closed.length > 0 || this.#seen.settlesLater(this.#shard, openFrom)) {
      await settle(this.#tx, this.#shard, openFrom);
    }
    return setAside(this.#tx, this.#shard, this.#aside, this.#now);
  }
}
