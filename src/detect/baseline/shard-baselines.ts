import { MINUTE_MS } from "../../rates/minute.ts";
import { POSITIONS } from "../../rates/shard-sums.ts";
import { columnsOf, type SeriesColumns, type ShardMinute, seriesValue } from "../columns.ts";
import { type Expectation, judgeBurst } from "../detectors/burst.ts";
import { judgeChange } from "../detectors/changepoint.ts";
import { judgeRetransmits, SEGMENTS_MIN } from "../detectors/retransmits.ts";
import { judgeSeasonal, type Window } from "../detectors/seasonal.ts";
import type { Flag } from "../flag.ts";
import { expectingOf, SEASONAL_SERIES, type Series, STILL_SERIES } from "../series.ts";
import { Evaluation, OUT_Z } from "./evaluation.ts";
import { lossAt } from "./loss-at.ts";
import { bucketOf, type OffsetAt, UTC } from "./season.ts";
import { SeriesBank } from "./series-bank.ts";

/** What was found at one position of the shard. */
export interface PositionFlag {
  readonly position: number;
  readonly flag: Flag;
}

/** What was found in a minute, and which series have a new normal since. */
export interface MinuteReport {
  readonly flags: readonly PositionFlag[];
  readonly newNormals: readonly { readonly position: number; readonly series: string }[];
}

/** A minute of which less was covered says too little. */
export const COVERED_MIN_MS = 20_000;
/** Evaluations that are left out after a reset, a gap, a deploy. */
const SKIPS = 2;
/** A pause of more minutes is a gap. */
const GAP_MINUTES = 3;
/** A ratio is learned in thousands of what it is measured by. */
const PER = 1_000;

/**
 * The baselines of all series of a shard's namespaces, and the minute up to which they were judged.
 *
 * Judging a minute again changes nothing, so that a job may run twice; and state that was stored and read back
 * goes on as if it had never been stored.
 */
export class ShardBaselines {
  readonly still = new SeriesBank(POSITIONS * STILL_SERIES.length, false);
  readonly seasonal = new SeriesBank(POSITIONS * SEASONAL_SERIES.length, true);
  /** Minutes since 1970 of the last minute judged at each position; 0 for one that was never seen. */
  readonly lastMinute = new Uint32Array(POSITIONS);
  /** Evaluations still to be left out. */
  readonly skips = new Uint8Array(POSITIONS);
  /** Start of the last minute judged, ms since 1970; 0 before the first. */
  watermark = 0;
  readonly #evaluation = new Evaluation();

  /** What a series does at a position when nothing is wrong; null before that was learned. */
  expectation(position: number, series: Series, at: number, offsetMinutes = 0): Expectation | null {
    const { bank, width, place } = this.#placeOf(series);
    const index = position * width + place;
    const bucket = bucketOf(Math.floor(at / MINUTE_MS), offsetMinutes);
    if (!bank.isMature(index, bucket, expectingOf(series))) return null;
    return { perMinute: bank.expected(index, bucket), dispersion: bank.dispersion[index] as number };
  }

  /**
   * Judges minutes from this one on again, where it had come further: by a clock that was ahead, and was set back. What
   * was learned stays.
   *
   * @param at start of a minute, ms since 1970
   */
  setBack(at: number): void {
    const before = Math.floor(at / MINUTE_MS) - 1;
    this.watermark = Math.min(this.watermark, before * MINUTE_MS);
    for (const [position, last] of this.lastMinute.entries()) {
      if (last > before) this.lastMinute[position] = before;
    }
  }

  /**
   * Judges a minute and learns from it. The minutes of a position come in order; where one that is not after its last
   * comes again, it is left out, so that what comes late of one is judged when all others are further.
   *
   * @param offsetAt of the zone in which the days and weekends of each host lie, in this minute
   */
  evaluate(minute: ShardMinute, offsetAt: OffsetAt = UTC): MinuteReport {
    this.watermark = Math.max(this.watermark, minute.at);
    const number = Math.floor(minute.at / MINUTE_MS);
    const evaluation = this.#evaluation;
    evaluation.minute = number;
    const flags: PositionFlag[] = [];
    const newNormals: { position: number; series: string }[] = [];
    const judged = this.#positionsToJudge(minute, number);
    const buckets = judged.map((position) => bucketOf(number, offsetAt(position)));
    const window = { from: minute.at, to: minute.at + MINUTE_MS };

    for (const series of ALL_SERIES) {
      const columns = columnsOf(minute, series);
      const { bank, width, place } = this.#placeOf(series);
      Object.assign(evaluation, expectingOf(series));
      for (const [index, position] of judged.entries()) {
        const count = seriesValue(columns, position);
        const minutes = (minute.ratedMs[position] as number) / MINUTE_MS;
        const exposure = exposureOf(series, columns, position, minutes);
        // False for what the kernel lacks, too, which is not a number.
        if (!(exposure > 0 && count >= 0)) continue;
        evaluation.count = count;
        evaluation.exposure = exposure;
        evaluation.bucket = buckets[index] as number;
        bank.observe(position * width + place, evaluation);
        if (evaluation.newNormal) newNormals.push({ position, series: series.name });
        if (Math.abs(evaluation.z) < OUT_Z && evaluation.changed === 0) continue;
        const found = flagsOf(series, window, evaluation, minute, position, columns);
        for (const flag of found) if (flag !== null) flags.push({ position, flag });
      }
    }
    return { flags, newNormals };
  }

  /** The positions that are judged in this minute: covered, and not just begun anew. */
  #positionsToJudge({ ratedMs, disturbed }: ShardMinute, minute: number): number[] {
    const judged: number[] = [];
    for (let position = 0; position < POSITIONS; position++) {
      if (minute <= (this.lastMinute[position] as number)) continue;
      if (disturbed?.[position] === 1) this.skips[position] = SKIPS;
      if (!((ratedMs[position] as number) >= COVERED_MIN_MS)) continue;
      const last = this.lastMinute[position] as number;
      this.lastMinute[position] = minute;
      if (last !== 0 && minute - last > GAP_MINUTES) this.skips[position] = SKIPS;
      const skips = this.skips[position] as number;
      if (skips === 0) judged.push(position);
      else {
        if (skips === SKIPS) this.#interrupt(position, minute);
        this.skips[position] = skips - 1;
      }
    }
    return judged;
  }

  #interrupt(position: number, minute: number): void {
    for (const series of ALL_SERIES) {
      const { bank, width, place } = this.#placeOf(series);
      bank.interrupt(position * width + place, minute);
    }
  }

  /** Where a series lies: at `position * width + place` of its bank. */
  #placeOf(series: Series): { readonly bank: SeriesBank; readonly width: number; readonly place: number } {
    const isStill = STILL_SERIES.includes(series);
    const all = isStill ? STILL_SERIES : SEASONAL_SERIES;
    return { bank: isStill ? this.still : this.seasonal, width: all.length, place: all.indexOf(series) };
  }
}

const ALL_SERIES: readonly Series[] = [...STILL_SERIES, ...SEASONAL_SERIES];

function exposureOf(series: Series, { per }: SeriesColumns, position: number, minutes: number): number {
  if (series.kind === "gauge") return 1;
  if (per === null) return minutes;
  const measured = per[position] as number;
  return measured >= SEGMENTS_MIN ? measured / PER : 0;
}

function flagsOf(
  series: Series,
  window: Window,
  evaluation: Evaluation,
  minute: ShardMinute,
  position: number,
  { per }: SeriesColumns,
): (Flag | null)[] {
  const ratedMs = minute.ratedMs[position] as number;
  switch (series.kind) {
    case "event": {
      if (!evaluation.mature || evaluation.z < 0) return [];
      const perMinute = (evaluation.expected / ratedMs) * MINUTE_MS;
      const expectation = { perMinute, dispersion: evaluation.dispersion };
      const loss = series.losesHandshakes === true ? lossAt(minute, position) : null;
      const burst = judgeBurst({ series, ...window, count: evaluation.count, ratedMs, expectation, loss });
      return [burst, judgeChange(series, window, evaluation)];
    }
    case "ratio":
      return [judgeRetransmits(series, window, per?.[position] ?? 0, evaluation)];
    default:
      return [judgeSeasonal(series, window, evaluation), judgeChange(series, window, evaluation)];
  }
}
