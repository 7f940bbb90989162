import { NO_GROUP } from "./membership.ts";
import { NO_SERIES, type SeriesCell } from "./series-cells.ts";

/** By series: its group, NO_GROUP for one that is only the host of others, and its host (`WindowSum.addRates`). */
export interface SeriesPlaces {
  readonly groupOf: Int32Array;
  readonly hostOf: Int32Array;
}

/** The rates of series over a window that moves on: steps enter it at its end and leave it at its beginning. */
export class WindowSum {
  readonly #lastOnly: boolean;
  readonly #rated: Float64Array;
  readonly #coveredMs: Float64Array;
  /** In how many steps of the window each series grew. */
  readonly #moved: Int32Array;
  /** The last step that each was covered in. */
  readonly #step: Int32Array;
  /** Series that are or were covered in the window, each once. */
  readonly #active: Int32Array;
  #activeCount = 0;
  readonly #isActive: Uint8Array;

  /** @param lastOnly a series' last step of the window says its rate, and not all of them */
  constructor(seriesCount: number, lastOnly: boolean) {
    this.#lastOnly = lastOnly;
    this.#rated = new Float64Array(seriesCount);
    this.#coveredMs = new Float64Array(seriesCount);
    this.#moved = new Int32Array(seriesCount);
    this.#step = new Int32Array(seriesCount);
    this.#active = new Int32Array(seriesCount);
    this.#isActive = new Uint8Array(seriesCount);
  }

  enter({ step, series, rated, coveredMs }: SeriesCell): void {
    for (let index = 0; index < series.length; index++) {
      const own = series[index] as number;
      if (this.#lastOnly) this.#empty(own);
      this.#step[own] = step;
      (this.#rated[own] as number) += rated[index] as number;
      (this.#coveredMs[own] as number) += coveredMs[index] as number;
      if ((rated[index] as number) > 0) (this.#moved[own] as number)++;
      if (this.#isActive[own] === 1) continue;
      this.#isActive[own] = 1;
      this.#active[this.#activeCount++] = own;
    }
  }

  leave({ step, series, rated, coveredMs }: SeriesCell): void {
    for (let index = 0; index < series.length; index++) {
      const own = series[index] as number;
      // It was the last: nothing is left, not even what floats were rounded by.
      if (this.#step[own] === step) this.#empty(own);
      if (this.#lastOnly || this.#coveredMs[own] === 0) continue;
      (this.#coveredMs[own] as number) -= coveredMs[index] as number;
      if ((rated[index] as number) === 0) continue;
      const moved = (this.#moved[own] as number) - 1;
      this.#moved[own] = moved;
      this.#rated[own] = moved === 0 ? 0 : (this.#rated[own] as number) - (rated[index] as number);
    }
  }

  /**
   * Adds the rate, per second, of each series that has one to that of its group; NaN of a group is none so far.
   *
   * @param hostOf of a series of containers the series of their host's root, over whose time its rate is told where that
   *   is longer; NO_SERIES for its own
   */
  addRates({ groupOf, hostOf }: SeriesPlaces, into: Float64Array): void {
    let still = 0;
    for (let index = 0; index < this.#activeCount; index++) {
      const series = this.#active[index] as number;
      const coveredMs = this.#coveredMs[series] as number;
      if (coveredMs === 0) {
        this.#isActive[series] = 0;
        continue;
      }
      this.#active[still++] = series;
      const group = groupOf[series] as number;
      if (group === NO_GROUP) continue;
      const host = hostOf[series] as number;
      const hostMs = host === NO_SERIES ? 0 : (this.#coveredMs[host] as number);
      const rate = ((this.#rated[series] as number) * 1000) / Math.max(coveredMs, hostMs);
      const before = into[group] as number;
      into[group] = Number.isNaN(before) ? rate : before + rate;
    }
    this.#activeCount = still;
  }

  #empty(series: number): void {
    this.#rated[series] = 0;
    this.#coveredMs[series] = 0;
    this.#moved[series] = 0;
  }
}
