import { decodeBaselines } from "../../detect/baseline/codec.ts";
import { ShardBaselines } from "../../detect/baseline/shard-baselines.ts";
import type { ShardMinute } from "../../detect/columns.ts";
import { MINUTE_MS, minuteOf } from "../../rates/minute.ts";
import type { Db } from "../../store/client.ts";
import { readBegunAnew } from "../../store/detect/facts.ts";
import { readShardMinutes } from "../../store/detect/shard-minutes.ts";
import { type JudgedMark, oldestMinute, readBaselines } from "../../store/detect/state.ts";
import type { LayoutCache } from "../../store/layouts.ts";
import { readRolled } from "../../store/rolled-minutes.ts";
import { readSettled } from "../../store/rollup/shards.ts";
import { WANTED_COLUMNS } from "./series.ts";

/**
 * A minute is judged for good when it has been over for so long: agents send up to half an interval late. Until
 * then it is judged as one that is open, again and again.
 */
export const GRACE_MS = 20_000;
/** Ingest takes nothing that lies further ahead. */
export const AHEAD_MS = 6 * MINUTE_MS;
/** Minutes that are judged at once: of those that only teach many, of those that may open incidents few. */
const OLD_PER_RUN = 240;
const NEW_PER_RUN = 10;
const NEW_MS = 60 * MINUTE_MS;
/** A shard that was never judged learns from what there is of the last week. */
const LEARN_MS = 7 * 24 * 60 * MINUTE_MS;

/** What a run over a shard judges. */
export interface ShardInput {
  /** What came late of minutes that were judged: minutes again, for the positions that were not in them. */
  readonly late: readonly ShardMinute[];
  /** Minutes that are over, up to `to`. */
  readonly closed: readonly ShardMinute[];
  /** Those after them, by what is in of them. */
  readonly open: readonly ShardMinute[];
  /** Minutes before this are judged for good after the run. */
  readonly to: number;
  /** More minutes that are over wait for another run. */
  readonly more: boolean;
  /** Snapshots from here on are not judged yet: the minutes that they are in are not known. */
  readonly until: number;
  /** What stands for these minutes, to be forgotten when they are judged. */
  readonly marks: readonly bigint[];
}

/** Reads what there is of a shard to judge, in the transaction that judges it. */
export class ShardReader {
  readonly #tx: Db;
  readonly #layouts: LayoutCache;
  readonly #shard: number;
  readonly #now: number;

  constructor(tx: Db, layouts: LayoutCache, shard: number, now: number) {
    this.#tx = tx;
    this.#layouts = layouts;
    this.#shard = shard;
    this.#now = now;
  }

  /** Where judging a shard begins that was never judged. */
  async begin(): Promise<JudgedMark> {
    const oldest = (await oldestMinute(this.#tx, this.#shard)) ?? minuteOf(this.#now);
    const judgedTo = Math.max(oldest, minuteOf(this.#now) - LEARN_MS);
    return { judgedTo, lasting: [], watched: [], still: {}, burning: [], revision: 0 };
  }

  /** @param judgedTo minutes before this are judged */
  async input(judgedTo: number): Promise<ShardInput> {
    const closedTo = await this.#closedTo();
    const rolled = await readRolled(this.#tx, this.#shard);
    const behind = rolled.filter(({ minute }) => minute < judgedTo);
    const oldest = minuteOf(this.#now) - LEARN_MS;
    const lateMinutes = [...new Set(behind.map(({ minute }) => minute))].filter((minute) => minute >= oldest);
    const batch = lateMinutes.slice(0, NEW_PER_RUN);
    const last = batch.at(-1) ?? 0;
    const late: ShardMinute[] = [];
    for (const minute of batch) late.push(...(await this.minutes(minute, minute + MINUTE_MS)));
    if (batch.length < lateMinutes.length) {
      const marks = behind.filter(({ minute }) => minute <= last).map(({ id }) => id);
      return { late, closed: [], open: [], to: judgedTo, more: true, until: last + MINUTE_MS, marks };
    }
    const to = Math.max(judgedTo, Math.min(closedTo, this.#batchEnd(judgedTo)));
    const more = to < closedTo;
    const closed = await this.minutes(judgedTo, to);
    const end = minuteOf(this.#now) + AHEAD_MS;
    // One that catches up has no time for what is not over.
    const open = more ? [] : await this.minutes(to, end);
    const marks = rolled.filter(({ minute }) => minute < to).map(({ id }) => id);
    return { late, closed, open, to, more, until: more ? to : end, marks };
  }

  /** Those of `from <= time < to` in which anyone reported. */
  async minutes(from: number, to: number): Promise<ShardMinute[]> {
    if (from >= to) return [];
    const span = { from, to };
    const minutes = await readShardMinutes(this.#tx, this.#layouts, this.#shard, span, WANTED_COLUMNS);
    if (minutes.length === 0) return [];
    const anew = await readBegunAnew(this.#tx, this.#shard, span);
    return minutes.map((minute) => ({ ...minute, disturbed: anew.get(minute.at) ?? null }));
  }

  /** As they were written. @param warn told of what cannot be read, and is learned anew */
  async baselines(warn: (error: Error) => void): Promise<ShardBaselines> {
    const bytes = await readBaselines(this.#tx, this.#shard);
    if (bytes === null) return new ShardBaselines();
    try {
      return decodeBaselines(bytes);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      warn(error);
      return new ShardBaselines();
    }
  }

  /** Up to where minutes are over, rolled up, and have been so for long enough. */
  async #closedTo(): Promise<number> {
    const settled = (await readSettled(this.#tx, [this.#shard])).get(this.#shard) ?? 0;
    return Math.min(settled, minuteOf(this.#now - GRACE_MS));
  }

  #batchEnd(from: number): number {
    const old = minuteOf(this.#now - NEW_MS);
    if (from < old) return Math.min(old, from + OLD_PER_RUN * MINUTE_MS);
    return from + NEW_PER_RUN * MINUTE_MS;
  }
}
