import type { GaugeSum } from "../../rates/gauges.ts";
import type { LayoutSum, MinuteSum } from "../../rates/minute.ts";
import { GaugeBuffer, writeGauges } from "../codec/gauges.ts";
import { PositionBuffer, SHARD_SIZE, writePositions } from "../codec/positions.ts";

/** Columns of ts.rollup_minute and ts.rollup_hour; sums of 64-bit counters are decimal strings. */
export interface CounterRow {
  readonly counterId: number;
  readonly bucket: number;
  readonly total: string;
  readonly unrated: string;
  readonly affected: number;
  readonly peak: string;
  /** The rates of its namespaces added up, per second; null where one of them reported with several layouts. */
  readonly rate: number | null;
  readonly data: Buffer;
}

/** Columns of ts.coverage, and of ts.coverage_hour but one. */
export interface CoverageRow {
  readonly layoutId: number;
  readonly bucket: number;
  readonly reporters: number;
  readonly coveredMs: number;
  readonly data: Buffer;
}

/** Columns of ts.coverage_hour. */
export interface CoverageHourRow extends CoverageRow {
  /** A bit for each position that had a rated interval in every minute of the hour; null where there is none. */
  readonly steady: Buffer | null;
}

/** Columns of ts.gauge_minute and ts.gauge_hour. */
export interface GaugeRow {
  readonly counterId: number;
  readonly bucket: number;
  readonly reporters: number;
  readonly last: string;
  readonly data: Buffer;
}

const positions = new PositionBuffer();
const gauges = new GaugeBuffer();

/** The rows of a bucket; a counter that did not move has none. */
export function counterRows(bucket: number, bucketSum: MinuteSum): CounterRow[] {
  const covered = coveredMs(bucketSum.layouts());
  return bucketSum.counters().flatMap((sum) => {
    const { total, unrated, peak, affected } = sum.summary();
    if (affected === 0) return [];
    positions.clear();
    for (let position = 0; position < SHARD_SIZE; position++) {
      if (sum.values.numbers[position] === 0) continue;
      positions.push(position, sum.values.at(position), sum.unrated?.at(position) ?? 0);
    }
    const { counterId } = sum;
    const sums = { total: String(total), unrated: String(unrated), peak: String(peak) };
    const rate = rateOf(positions, covered);
    return [{ counterId, bucket, ...sums, affected, rate, data: writePositions(positions) }];
  });
}

/** How long each position was covered; NaN for one that reported with several layouts: not all may have a counter. */
function coveredMs(layouts: readonly LayoutSum[]): Float64Array {
  const covered = new Float64Array(SHARD_SIZE);
  const reported = new Uint8Array(SHARD_SIZE);
  for (const layout of layouts) {
    for (let position = 0; position < SHARD_SIZE; position++) {
      if (!layout.reported(position)) continue;
      covered[position] = reported[position] === 1 ? Number.NaN : (layout.coveredMs[position] as number);
      reported[position] = 1;
    }
  }
  return covered;
}

/** Per second, the positions added up as TrendSum does (src/store/queries/trend-sum.ts); null where one is not known. */
function rateOf(
  { count, positions: at, values, unrated }: PositionBuffer,
  covered: Float64Array,
): number | null {
  let rate = 0;
  for (let index = 0; index < count; index++) {
    const ms = covered[at[index] as number] as number;
    if (ms === 0) continue;
    rate += (((values[index] as number) - (unrated[index] as number)) * 1000) / ms;
  }
  return Number.isNaN(rate) ? null : rate;
}

/** The rows of a bucket; a layout that nobody reported with has none. */
export function coverageRows(bucket: number, sums: readonly LayoutSum[]): CoverageRow[] {
  return sums.flatMap((sum) => {
    positions.clear();
    let reporters = 0;
    let coveredMs = 0;
    for (let position = 0; position < SHARD_SIZE; position++) {
      if (!sum.reported(position)) continue;
      const ms = sum.coveredMs[position] as number;
      positions.push(position, ms, 0);
      coveredMs += ms;
      if (ms > 0) reporters++;
    }
    if (positions.count === 0) return [];
    return [{ layoutId: sum.layoutId, bucket, reporters, coveredMs, data: writePositions(positions) }];
  });
}

export function gaugeRows(bucket: number, sums: readonly GaugeSum[]): GaugeRow[] {
  return sums.map((sum) => {
    const { reporters, last } = sum.summary();
    gauges.clear();
    for (const [position, range] of sum.entries()) {
      gauges.push(position, range.last, range.lowest, range.highest);
    }
    return { counterId: sum.counterId, bucket, reporters, last: String(last), data: writeGauges(gauges) };
  });
}

/** The `data` of rows as one parameter, in the order of the rows: as an array of bytes it costs the driver three times as much. */
export function hexOf(rows: readonly { readonly data: Buffer }[]): string {
  return rows.map(({ data }) => data.toString("hex")).join(",");
}
