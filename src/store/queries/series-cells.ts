import { PositionBuffer, readPositions, SHARD_SIZE } from "../codec/positions.ts";
import type { PackedRow } from "./packed-rows.ts";
import type { Grid } from "./range.ts";
import { stepOf } from "./steps.ts";

/** What series did in one step of a grid: those that a rate may be told of, each once. */
export interface SeriesCell {
  readonly step: number;
  readonly series: Int32Array;
  /** What each grew by in rated intervals ... */
  readonly rated: Float64Array;
  /** ... and the time that these took; above 0. */
  readonly coveredMs: Float64Array;
}

export const NO_SERIES = -1;

/** The namespaces of a shard, by position. */
interface ShardBucket {
  readonly series: Int32Array;
  readonly rated: Float64Array;
  readonly coveredMs: Float64Array;
  /** A row of this minute or hour was added. */
  touched: boolean;
}

/** Numbers by series, of which few are set; emptied at the cost of those. */
class SeriesPairs {
  readonly rated: Float64Array;
  readonly coveredMs: Float64Array;
  /** The series that are set, `count` of them. */
  readonly touched: Int32Array;
  count = 0;

  constructor(seriesCount: number) {
    this.rated = new Float64Array(seriesCount);
    this.coveredMs = new Float64Array(seriesCount);
    this.touched = new Int32Array(seriesCount);
  }

  add(series: number, rated: number, coveredMs: number): void {
    if (this.coveredMs[series] === 0) this.touched[this.count++] = series;
    (this.rated[series] as number) += rated;
    (this.coveredMs[series] as number) += coveredMs;
  }

  clear(): void {
    for (let index = 0; index < this.count; index++) {
      const series = this.touched[index] as number;
      this.rated[series] = 0;
      this.coveredMs[series] = 0;
    }
    this.count = 0;
  }
}

/**
 * Puts rows together by series and step; they come in the order of time.
 *
 * Namespaces of one series may follow one another, as a container that is made anew follows the one before it, or live
 * side by side. The series was covered as long as all of them together, and no longer than a minute or hour lasts, or
 * the longest interval in it: the rates of those that follow one another are one, of those side by side the sum. Of a
 * minute of which those side by side were covered in part alone, that is too low.
 */
export class SeriesCells {
  readonly #grid: Grid;
  readonly #lastOnly: boolean;
  readonly #shards = new Map<number, ShardBucket>();
  readonly #buffer = new PositionBuffer();
  /** Of series of several namespaces. */
  readonly #bucketSum: SeriesPairs;
  readonly #isShared: Uint8Array;
  /** By series: the longest time that one of its namespaces was covered in this minute or hour. */
  readonly #longestMs: Float64Array;
  readonly #cell: SeriesPairs;
  #bucket = Number.NEGATIVE_INFINITY;
  #bucketMs = 0;

  /**
   * @param seriesOf the series of each namespace, from 0; one that is not in it is left out
   * @param lastOnly of a step each series' last minute alone, of those in which a rate may be told
   */
  constructor(grid: Grid, seriesOf: ReadonlyMap<number, number>, lastOnly: boolean) {
    const seriesCount = new Set(seriesOf.values()).size;
    this.#grid = grid;
    this.#lastOnly = lastOnly;
    this.#bucketSum = new SeriesPairs(seriesCount);
    this.#isShared = new Uint8Array(seriesCount);
    this.#longestMs = new Float64Array(seriesCount);
    this.#cell = new SeriesPairs(seriesCount);
    const known = new Uint8Array(seriesCount);
    for (const [namespaceId, series] of seriesOf) {
      if (known[series] === 1) this.#isShared[series] = 1;
      known[series] = 1;
      const shard = namespaceId >> 8;
      let own = this.#shards.get(shard);
      if (own === undefined) {
        own = {
          series: new Int32Array(SHARD_SIZE).fill(NO_SERIES),
          rated: new Float64Array(SHARD_SIZE),
          coveredMs: new Float64Array(SHARD_SIZE),
          touched: false,
        };
        this.#shards.set(shard, own);
      }
      own.series[namespaceId % SHARD_SIZE] = series;
    }
  }

  /** Goes on to a minute or hour. @returns the step that is over with it; null while none is, or nothing was in it */
  goTo(bucket: number, bucketMs: number): SeriesCell | null {
    if (bucket === this.#bucket) return null;
    this.#endBucket();
    const isOver = stepOf(this.#grid, bucket) !== stepOf(this.#grid, this.#bucket);
    const cell = isOver ? this.#endCell() : null;
    this.#bucket = bucket;
    this.#bucketMs = bucketMs;
    return cell;
  }

  /** The last step is over. */
  finish(): SeriesCell | null {
    this.#endBucket();
    return this.#endCell();
  }

  addCoverage({ shard, data }: PackedRow): void {
    const own = this.#shards.get(shard);
    if (own === undefined) return;
    own.touched = true;
    const count = readPositions(data, this.#buffer);
    const { positions, values } = this.#buffer;
    for (let index = 0; index < count; index++) {
      (own.coveredMs[positions[index] as number] as number) += values[index] as number;
    }
  }

  addIncreases({ shard, data }: PackedRow): void {
    const own = this.#shards.get(shard);
    if (own === undefined) return;
    own.touched = true;
    const count = readPositions(data, this.#buffer);
    const { positions, values, unrated } = this.#buffer;
    for (let index = 0; index < count; index++) {
      (own.rated[positions[index] as number] as number) +=
        (values[index] as number) - (unrated[index] as number);
    }
  }

  #endBucket(): void {
    for (const shard of this.#shards.values()) {
      if (!shard.touched) continue;
      const { series, rated, coveredMs } = shard;
      for (let position = 0; position < SHARD_SIZE; position++) {
        const covered = coveredMs[position] as number;
        const own = series[position] as number;
        if (covered === 0 || own === NO_SERIES) continue;
        if (this.#isShared[own] === 0) {
          this.#takeBucket(own, rated[position] as number, covered);
          continue;
        }
        this.#bucketSum.add(own, rated[position] as number, covered);
        if (covered > (this.#longestMs[own] as number)) this.#longestMs[own] = covered;
      }
      rated.fill(0);
      coveredMs.fill(0);
      shard.touched = false;
    }
    const { touched, count, rated, coveredMs } = this.#bucketSum;
    for (let index = 0; index < count; index++) {
      const series = touched[index] as number;
      const mostMs = Math.max(this.#bucketMs, this.#longestMs[series] as number);
      this.#takeBucket(series, rated[series] as number, Math.min(coveredMs[series] as number, mostMs));
      this.#longestMs[series] = 0;
    }
    this.#bucketSum.clear();
  }

  #takeBucket(series: number, rated: number, covered: number): void {
    const cell = this.#cell;
    if (!this.#lastOnly || cell.coveredMs[series] === 0) cell.add(series, rated, covered);
    else {
      cell.rated[series] = rated;
      cell.coveredMs[series] = covered;
    }
  }

  #endCell(): SeriesCell | null {
    const { touched, count, rated, coveredMs } = this.#cell;
    if (count === 0) return null;
    const series = touched.slice(0, count);
    const cell = {
      step: stepOf(this.#grid, this.#bucket),
      series,
      rated: pick(rated, series),
      coveredMs: pick(coveredMs, series),
    };
    this.#cell.clear();
    return cell;
  }
}

function pick(from: Float64Array, indexes: Int32Array): Float64Array {
  const picked = new Float64Array(indexes.length);
  for (let index = 0; index < picked.length; index++)
    picked[index] = from[indexes[index] as number] as number;
  return picked;
}
