import { residual } from "../residual.ts";
import { ChangeSums, inflationOf } from "./change-sums.ts";
import { type Evaluation, type Expecting, NEW_NORMAL, OUT_Z } from "./evaluation.ts";
import { BUCKETS, bucketBefore, otherDay } from "./season.ts";

/** Minutes after which a baseline is judged by: two days; an hour where it has no season, or inherited one. */
const MATURE = 2_880;
const MATURE_SOON = 60;
/** What is known to be 0 at first takes a day of evidence to move as a series of unknown level does. */
const ZERO_PRIOR = 1_440;
/** Visits of a bucket from which it is judged by. */
const BUCKET_MATURE = 60;
/** Visits in which an old bucket forgets: four of its hours. */
const BUCKET_VISITS = 240;
/** Minutes in which the level, the spread and what is recent forget. */
const LEVEL_MINUTES = 10_080;
const SPREAD_MINUTES = 1_440;
const RECENT_MINUTES = 30;
/** Slow noise is looked for over at least eight evaluations, however long they are. */
const DRIFT_MAX = 1 / 8;
/** Minutes in which nothing is clipped, for nothing is known to clip by. */
const FIRST = 30;
/** The least that is expected of an exposure of 1. */
const LEVEL_MIN = 0.02;
/** Below so many a minute an hour's share cannot be told from chance. */
const SEASON_LEVEL_MIN = 3;
/** A relative error moves a season by no more than this. */
const SEASON_CLIP = 0.8;
/** Steps of a season to the octave: a 16-bit number reaches 16 octaves either way. */
const OCTAVE = 2_048;
const DISPERSION_PRIOR = 0.1;
const DISPERSION_MAX = 4;

export type StateArray = Float32Array | Uint32Array | Uint16Array | Int16Array | Int8Array | Uint8Array;

/**
 * The baselines of many series in typed arrays: 187 bytes a series with a season, 43 without.
 *
 * Each has a level (events per unit of exposure), a dispersion, a season (the factor of each hour of weekdays and
 * weekends), how much slow noise there is, and two cumulative sums that find lasting changes. The
 * rules of learning:
 *
 * - A bucket of the season always learns, an old one slowly and a young one fast, and no evaluation moves it far.
 *   One that is not let to learn while it is flagged is flagged each day for ever.
 * - What is out does not move the level, for at most 6 h; then it is the new normal.
 * - The level forgets more slowly than the season learns, or weekends pull it down and Mondays are flagged.
 *
 * The state after a stored state and the evaluations since is bit for bit that of a run without the break.
 */
export class SeriesBank {
  readonly seasonal: boolean;
  readonly level: Float32Array;
  readonly dispersion: Float32Array;
  /** The level of the last half hour: what is adopted as the new normal. */
  readonly recent: Float32Array;
  /** The moving average of standard residuals, and what it says of their noise. */
  readonly drift: Float32Array;
  readonly inflation: Float32Array;
  /** Minutes learned from, and minutes for which the level was held. */
  readonly seen: Uint16Array;
  readonly frozen: Uint16Array;
  /** Evaluations running that were out: positive above, negative below. */
  readonly hot: Int8Array;
  readonly inherited: Uint8Array;
  readonly season: Int16Array;
  readonly visits: Uint8Array;
  readonly changes: ChangeSums;

  constructor(size: number, seasonal: boolean) {
    this.seasonal = seasonal;
    this.level = new Float32Array(size);
    this.dispersion = new Float32Array(size).fill(DISPERSION_PRIOR);
    this.recent = new Float32Array(size);
    this.drift = new Float32Array(size);
    this.inflation = new Float32Array(size).fill(1);
    this.seen = new Uint16Array(size);
    this.frozen = new Uint16Array(size);
    this.hot = new Int8Array(size);
    this.inherited = new Uint8Array(size);
    this.season = new Int16Array(seasonal ? size * BUCKETS : 0);
    this.visits = new Uint8Array(seasonal ? size * BUCKETS : 0);
    this.changes = new ChangeSums(size);
  }

  /** Every array of the state, with how many of its elements belong to one series. */
  columns(): { readonly array: StateArray; readonly perSeries: number }[] {
    const { level, dispersion, recent, drift, inflation, seen, frozen, hot, inherited } = this;
    const { up, down, upSince, downSince, alarms } = this.changes;
    const single = [level, dispersion, recent, drift, inflation, up, down, upSince, downSince];
    const small = [seen, frozen, hot, inherited, alarms];
    return [
      ...[...single, ...small].map((array) => ({ array, perSeries: 1 })),
      ...(this.seasonal ? [this.season, this.visits].map((array) => ({ array, perSeries: BUCKETS })) : []),
    ];
  }

  /** Events expected of an exposure of 1 in an hour of the week. */
  expected(index: number, bucket: number): number {
    return Math.max((this.level[index] as number) * this.#factor(index, bucket), LEVEL_MIN);
  }

  isMature(index: number, bucket: number, { fromZero, isEvent }: Expecting): boolean {
    if (fromZero) return true;
    const isStill = isEvent && (this.level[index] as number) < SEASON_LEVEL_MIN;
    const soon = !this.seasonal || isStill || this.inherited[index] !== 0;
    if ((this.seen[index] as number) < (soon ? MATURE_SOON : MATURE)) return false;
    if (!this.seasonal || (this.level[index] as number) < SEASON_LEVEL_MIN) return true;
    return (this.visits[index * BUCKETS + bucket] as number) >= BUCKET_MATURE;
  }

  /** Judges a count against what was learned, and then learns from it. */
  observe(index: number, evaluation: Evaluation): void {
    const { count, exposure, bucket, minute } = evaluation;
    evaluation.expected = this.expected(index, bucket) * exposure;
    evaluation.dispersion = this.dispersion[index] as number;
    evaluation.z = residual(count, evaluation.expected, evaluation.dispersion);
    evaluation.mature = this.isMature(index, bucket, evaluation);
    evaluation.changed = 0;
    evaluation.newNormal = false;
    evaluation.hot = this.#countHot(index, evaluation.mature ? evaluation.z : 0);
    this.#learn(index, evaluation);
    if (!evaluation.mature) this.changes.restart(index, minute);
    else if (this.changes.add(index, evaluation, this.inflation[index] as number)) {
      evaluation.newNormal = true;
    }
    if (evaluation.newNormal) this.#adoptRecent(index, minute);
  }

  /** Forgets what ties an evaluation to the one before it: time has passed, or something was begun anew. */
  interrupt(index: number, minute: number): void {
    this.drift[index] = 0;
    this.hot[index] = 0;
    this.changes.restart(index, minute);
  }

  /** Whether a series has learned enough of its own to be inherited from. */
  isGrown(index: number): boolean {
    return (this.seen[index] as number) >= (this.seasonal ? MATURE : MATURE_SOON);
  }

  /** Gives a series that was never seen what its role has learned; one with a season is judged after an hour. */
  inherit(index: number, learned: { dispersion: number; level: number; season: ArrayLike<number> }): void {
    this.dispersion[index] = learned.dispersion;
    this.inherited[index] = 1;
    if (this.seasonal) {
      this.season.set(learned.season, index * BUCKETS);
      this.visits.fill(BUCKET_MATURE, index * BUCKETS, (index + 1) * BUCKETS);
    } else {
      this.level[index] = learned.level;
      this.seen[index] = MATURE_SOON;
    }
  }

  #factor(index: number, bucket: number): number {
    return this.seasonal ? 2 ** ((this.season[index * BUCKETS + bucket] as number) / OCTAVE) : 1;
  }

  #countHot(index: number, z: number): number {
    const before = this.hot[index] as number;
    let hot = 0;
    if (z >= OUT_Z) hot = Math.min(Math.max(before, 0) + 1, 127);
    else if (z <= -OUT_Z) hot = Math.max(Math.min(before, 0) - 1, -127);
    this.hot[index] = hot;
    return Math.abs(hot);
  }

  #learn(index: number, evaluation: Evaluation): void {
    const { count, exposure, bucket, minutes, expected, dispersion } = evaluation;
    const seen = this.seen[index] as number;
    const factor = this.#factor(index, bucket);
    const recent = this.recent[index] as number;
    const towards = seen === 0 ? 1 : Math.min(1, minutes / RECENT_MINUTES);
    this.recent[index] = recent + (count / exposure / factor - recent) * towards;
    this.seen[index] = Math.min(seen + minutes, 65_535);

    const isOut = evaluation.mature && Math.abs(evaluation.z) >= OUT_Z;
    const frozen = Math.max(0, (this.frozen[index] as number) + (isOut ? minutes : -minutes));
    this.frozen[index] = frozen;
    if (frozen >= NEW_NORMAL) evaluation.newNormal = true;
    if (this.seasonal) this.#learnSeason(index, evaluation);
    if (isOut) return;

    const sd = Math.sqrt(expected + dispersion * expected * expected);
    const clips = evaluation.fromZero || seen >= FIRST;
    const clipped = clips ? Math.min(count, expected + 3 * sd + 1) : count;
    const known = seen + (evaluation.fromZero ? ZERO_PRIOR : 0);
    const rate = Math.min(1, Math.max(minutes / (known + minutes), minutes / LEVEL_MINUTES));
    const level = this.level[index] as number;
    this.level[index] = level + (clipped / exposure / factor - level) * rate;
    const spread = Math.min(1, Math.max(minutes / (seen + FIRST), minutes / SPREAD_MINUTES));
    this.#learnSpread(index, evaluation, clipped - expected, sd, spread);
  }

  #learnSeason(index: number, { bucket, count, expected, minutes }: Evaluation): void {
    const at = index * BUCKETS + bucket;
    const visits = this.visits[at] as number;
    if ((this.level[index] as number) < SEASON_LEVEL_MIN) return;
    if (visits === 0) this.season[at] = this.#seasonOfNeighbour(index, bucket);
    const error = Math.max(-SEASON_CLIP, Math.min(SEASON_CLIP, (count - expected) / expected));
    const rate = Math.min(1, minutes / Math.min(visits + 2, BUCKET_VISITS));
    const moved = (this.season[at] as number) + error * rate * (OCTAVE / Math.LN2);
    this.season[at] = Math.round(Math.max(-32_768, Math.min(32_767, moved)));
    this.visits[at] = Math.min(255, visits + Math.max(1, Math.round(minutes)));
  }

  /** Where a bucket begins that was never visited. */
  #seasonOfNeighbour(index: number, bucket: number): number {
    for (const near of [otherDay(bucket), bucketBefore(bucket)]) {
      const at = index * BUCKETS + near;
      if ((this.visits[at] as number) > 0) return this.season[at] as number;
    }
    return 0;
  }

  #learnSpread(
    index: number,
    { expected, dispersion, minutes }: Evaluation,
    off: number,
    sd: number,
    rate: number,
  ): void {
    // Of less than one event expected a variance says nothing but that there was one, or none.
    if (expected >= 1) {
      const found = (off * off - expected) / (expected * expected);
      this.dispersion[index] = Math.max(
        0,
        Math.min(DISPERSION_MAX, dispersion + (found - dispersion) * rate),
      );
    }
    const towards = Math.min(DRIFT_MAX, minutes / RECENT_MINUTES);
    const before = this.drift[index] as number;
    const drift = before + (off / sd - before) * towards;
    this.drift[index] = drift;
    const inflation = this.inflation[index] as number;
    this.inflation[index] = inflation + (inflationOf(drift, towards) - inflation) * rate;
  }

  #adoptRecent(index: number, minute: number): void {
    this.level[index] = this.recent[index] as number;
    this.frozen[index] = 0;
    this.hot[index] = 0;
    this.changes.restart(index, minute);
  }
}
