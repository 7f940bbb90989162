import { POSITIONS } from "../rates/shard-sums.ts";
import type { Series } from "./series.ts";

/**
 * What the namespaces of a shard did in one minute that has closed, as columns of 256 positions: the rows of
 * ts.rollup_minute, ts.gauge_minute and ts.coverage, unpacked.
 */
export interface ShardMinute {
  /** Start of the minute, ms since 1970. */
  readonly at: number;
  /** ms of rated intervals at each position; 0 or less where there is no rate to tell. */
  readonly ratedMs: Float64Array;
  /**
   * Increases over rated intervals by full counter name: `total` less `unrated`. A counter that has no column did
   * not move at all; NaN at a position whose kernel lacks it.
   */
  readonly increases: ReadonlyMap<string, Float64Array>;
  /** Last values of gauges by full name; NaN at a position that showed none. */
  readonly gauges: ReadonlyMap<string, Float64Array>;
  /**
   * 1 at positions where something began anew or was announced: a boot, a namespace made anew, a deploy, a
   * maintenance window. Null where there is none.
   */
  readonly disturbed: Uint8Array | null;
}

const NOTHING_MOVED = new Float64Array(POSITIONS);
const NEVER_SHOWN = new Float64Array(POSITIONS).fill(Number.NaN);

/** The columns that one series is made of. */
export interface SeriesColumns {
  readonly value: Float64Array;
  readonly less: Float64Array | null;
  readonly per: Float64Array | null;
}

export function columnsOf(minute: ShardMinute, series: Series): SeriesColumns {
  const increases = (name: string) => minute.increases.get(name) ?? NOTHING_MOVED;
  return {
    value:
      series.kind === "gauge"
        ? (minute.gauges.get(series.counter) ?? NEVER_SHOWN)
        : increases(series.counter),
    less: series.less === undefined ? null : increases(series.less),
    per: series.per === undefined ? null : increases(series.per),
  };
}

/** The value of a series at a position; NaN where the kernel lacks a counter that it needs. */
export function seriesValue({ value, less }: SeriesColumns, position: number): number {
  const count = value[position] as number;
  // Two sums that are read while they grow: the part may be ahead of the whole.
  return less === null ? count : Math.max(0, count - (less[position] as number));
}
