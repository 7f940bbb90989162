import { Evaluation } from "../baseline/evaluation.ts";
import { bucketOf } from "../baseline/season.ts";
import { SeriesBank } from "../baseline/series-bank.ts";
import { isUnusual } from "../detectors/seasonal.ts";
import { residual } from "../residual.ts";
import type { RowVerdict, Sample, SampleJudge } from "./sample.ts";

const MINUTE_MS = 60_000;
/** A row weighs no more than this in learning, however long it took. */
const WEIGHT_MAX = 60;
/** As of a single evaluation of the seasonal detector. */
const ALONE_Z = 6;
/** Fewer events are a blip. */
const COUNT_MIN = 5;
/** Below so many a minute there are no hours to tell apart. */
const SEASON_LEVEL_MIN = 3;
const MOVES = { fromZero: false, isEvent: false };
/** A score for a change that no single row stands out by. */
const CHANGE_SCORE = 6;

/**
 * Judges counts: by hour and weekday once that was learned, and before, or where there are few, by their level
 * alone. Rows closer than a minute are judged each by itself and learned from minute by minute.
 */
export class CountJudge implements SampleJudge {
  readonly #seasonal = new SeriesBank(1, true);
  readonly #plain = new SeriesBank(1, false);
  readonly #evaluation = new Evaluation();
  #minute = 0;
  /** What came so far in the minute that is not over. */
  #count = 0;
  #minutes = 0;

  next({ at, minutes, value }: Sample): RowVerdict {
    const minute = Math.floor(at / MINUTE_MS);
    if (minutes >= 1) return this.#observe(minute, minutes, value);
    let closed: RowVerdict | null = null;
    if (minute !== this.#minute && this.#minutes > 0) {
      closed = this.#observe(this.#minute, this.#minutes, this.#count);
      this.#count = 0;
      this.#minutes = 0;
    }
    this.#minute = minute;
    this.#count += value;
    this.#minutes += minutes;
    const score = this.#scoreAlone(minute, minutes, value);
    const flag = (score >= ALONE_Z && value >= COUNT_MIN) || closed?.flag === true;
    return { score: closed?.flag === true ? Math.max(score, closed.score) : score, flag };
  }

  interrupt(at: number): void {
    this.#count = 0;
    this.#minutes = 0;
    for (const bank of [this.#seasonal, this.#plain]) bank.interrupt(0, Math.floor(at / MINUTE_MS));
  }

  /** Which baseline holds now; null while neither has learned enough. */
  #bankFor(bucket: number): SeriesBank | null {
    if (this.#seasonal.isMature(0, bucket, MOVES)) return this.#seasonal;
    const isSparse = this.#plain.expected(0, bucket) < SEASON_LEVEL_MIN;
    return isSparse && this.#plain.isMature(0, bucket, MOVES) ? this.#plain : null;
  }

  #scoreAlone(minute: number, minutes: number, value: number): number {
    const bucket = bucketOf(minute);
    const bank = this.#bankFor(bucket);
    if (bank === null) return 0;
    return Math.abs(residual(value, bank.expected(0, bucket) * minutes, bank.dispersion[0] as number));
  }

  #observe(minute: number, minutes: number, count: number): RowVerdict {
    const evaluation = this.#evaluation;
    evaluation.minute = minute;
    evaluation.bucket = bucketOf(minute);
    evaluation.count = count;
    evaluation.exposure = minutes;
    evaluation.minutes = Math.max(1, Math.min(WEIGHT_MAX, Math.round(minutes)));
    const judging = this.#bankFor(evaluation.bucket);
    let verdict: RowVerdict = { score: 0, flag: false };
    for (const bank of [this.#seasonal, this.#plain]) {
      bank.observe(0, evaluation);
      if (bank !== judging) continue;
      const z = Math.abs(evaluation.z);
      const isBlip = evaluation.z > 0 && count < COUNT_MIN;
      const changed = evaluation.changed !== 0;
      const flag = changed || (isUnusual(evaluation) && !isBlip);
      verdict = { score: changed ? Math.max(z, CHANGE_SCORE) : z, flag };
    }
    return verdict;
  }
}
