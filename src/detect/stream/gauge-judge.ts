import { ChangeSums, inflationOf } from "../baseline/change-sums.ts";
import { Evaluation, NEW_NORMAL, OUT_Z } from "../baseline/evaluation.ts";
import { BUCKETS, bucketBefore, bucketOf, otherDay } from "../baseline/season.ts";
import { isUnusual } from "../detectors/seasonal.ts";
import type { RowVerdict, Sample, SampleJudge } from "./sample.ts";

const MINUTE_MS = 60_000;
const WEIGHT_MAX = 60;
/** Minutes learned from before anything is said: a day, and at least so many rows. */
const MATURE_MINUTES = 1_440;
const MATURE_ROWS = 48;
const LEVEL_MINUTES = 10_080;
const SPREAD_MINUTES = 2_880;
const RECENT_MINUTES = 60;
const DRIFT_MAX = 1 / 8;
const BUCKET_MINUTES = 240;
/** What is learned from lies within so many standard deviations. */
const CLIP = 3;
/** A spread is at least this part of the level: the last digit of a constant is no event. */
const SPREAD_MIN = 0.005;
const SCORE_MAX = 1_000;
/** A lasting shift is looked for of this many standard deviations. */
const SHIFT = 1.5;
const CHANGE_SCORE = 6;

/**
 * Judges values of any size and sign: by level and hour of the week, with a spread that single outliers do not
 * widen much. The rules of learning are those of counts (series-bank.ts); what differs is that a value has no
 * chance of its own by which its spread would be known.
 */
export class GaugeJudge implements SampleJudge {
  readonly #season = new Float64Array(BUCKETS);
  readonly #visited = new Float64Array(BUCKETS);
  readonly #changes = new ChangeSums(1);
  readonly #evaluation = new Evaluation();
  #rows = 0;
  #minutes = 0;
  #level = 0;
  #recent = 0;
  #variance = 0;
  #drift = 0;
  #inflation = 1;
  #frozen = 0;
  #hot = 0;

  next({ at, minutes, value }: Sample): RowVerdict {
    const evaluation = this.#evaluation;
    const minute = Math.floor(at / MINUTE_MS);
    const bucket = bucketOf(minute);
    const weight = Math.min(WEIGHT_MAX, minutes);
    if (this.#visited[bucket] === 0) this.#season[bucket] = this.#seasonOfNeighbour(bucket);
    const expected = this.#rows === 0 ? value : this.#level + (this.#season[bucket] as number);
    const spread = Math.max(Math.sqrt(this.#variance), SPREAD_MIN * Math.abs(expected), Number.MIN_VALUE);
    const z = Math.max(-SCORE_MAX, Math.min(SCORE_MAX, (value - expected) / spread));
    evaluation.minute = minute;
    evaluation.count = Number.POSITIVE_INFINITY;
    evaluation.z = z;
    evaluation.mature = this.#rows >= MATURE_ROWS && this.#minutes >= MATURE_MINUTES;
    evaluation.changed = 0;
    evaluation.hot = this.#countHot(evaluation.mature ? z : 0);
    this.#learn(value, bucket, weight, evaluation, spread);
    this.#accumulate(evaluation);
    if (!evaluation.mature) return { score: 0, flag: false };
    const changed = (evaluation.changed as number) !== 0;
    const score = Math.abs(z);
    return { score: changed ? Math.max(score, CHANGE_SCORE) : score, flag: changed || isUnusual(evaluation) };
  }

  interrupt(at: number): void {
    this.#drift = 0;
    this.#hot = 0;
    this.#changes.restart(0, Math.floor(at / MINUTE_MS));
  }

  #countHot(z: number): number {
    if (z >= OUT_Z) this.#hot = Math.max(this.#hot, 0) + 1;
    else if (z <= -OUT_Z) this.#hot = Math.min(this.#hot, 0) - 1;
    else this.#hot = 0;
    return Math.abs(this.#hot);
  }

  #learn(value: number, bucket: number, weight: number, { mature, z }: Evaluation, spread: number): void {
    const season = this.#season[bucket] as number;
    const first = this.#rows === 0;
    this.#rows++;
    this.#minutes += weight;
    this.#recent += (value - season - this.#recent) * (first ? 1 : Math.min(1, weight / RECENT_MINUTES));
    const isOut = mature && Math.abs(z) >= OUT_Z;
    this.#frozen = Math.max(0, this.#frozen + (isOut ? weight : -weight));
    if (this.#frozen >= NEW_NORMAL) this.#adoptRecent();
    const clipped = this.#rows <= MATURE_ROWS ? z : Math.max(-CLIP, Math.min(CLIP, z));
    const off = first ? 0 : clipped * spread;
    const visited = this.#visited[bucket] as number;
    this.#season[bucket] =
      season + off * Math.min(1, weight / (Math.min(visited, BUCKET_MINUTES) + 2 * weight));
    this.#visited[bucket] = visited + weight;
    if (first) this.#level = value;
    if (first || isOut) return;
    this.#level += off * Math.min(1, Math.max(weight / (this.#minutes + weight), weight / LEVEL_MINUTES));
    const rate = Math.min(1, Math.max(weight / this.#minutes, weight / SPREAD_MINUTES));
    this.#variance += (off * off - this.#variance) * rate;
    const towards = Math.min(DRIFT_MAX, weight / RECENT_MINUTES);
    this.#drift += (off / spread - this.#drift) * towards;
    this.#inflation += (inflationOf(this.#drift, towards) - this.#inflation) * rate;
  }

  /** Adds what the value says for a lasting shift, in nats. */
  #accumulate(evaluation: Evaluation): void {
    if (!evaluation.mature) {
      this.#changes.restart(0, evaluation.minute);
      return;
    }
    const scale = Math.max(1, this.#inflation);
    const nats = (z: number) => (SHIFT * z - SHIFT ** 2 / 2) / scale;
    if (this.#changes.addNats(0, evaluation, nats(evaluation.z), nats(-evaluation.z))) this.#adoptRecent();
  }

  #adoptRecent(): void {
    this.#level = this.#recent;
    this.#frozen = 0;
    this.#hot = 0;
    this.#changes.restart(0, this.#evaluation.minute);
  }

  #seasonOfNeighbour(bucket: number): number {
    for (const near of [otherDay(bucket), bucketBefore(bucket)]) {
      if (this.#visited[near] !== 0) return this.#season[near] as number;
    }
    return 0;
  }
}
