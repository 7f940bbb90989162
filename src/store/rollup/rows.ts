import type { GaugeSum } from "../../rates/gauges.ts";
import type { CounterSum, LayoutSum } from "../../rates/minute.ts";
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
  readonly data: Buffer;
}

/** Columns of ts.coverage and ts.coverage_hour. */
export interface CoverageRow {
  readonly layoutId: number;
  readonly bucket: number;
  readonly reporters: number;
  readonly coveredMs: number;
  readonly data: Buffer;
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
export function counterRows(bucket: number, sums: readonly CounterSum[]): CounterRow[] {
  return sums.flatMap((sum) => {
    const { total, unrated, peak, affected } = sum.summary();
    if (affected === 0) return [];
    positions.clear();
    for (let position = 0; position < SHARD_SIZE; position++) {
      if (sum.values.numbers[position] === 0) continue;
      positions.push(position, sum.values.at(position), sum.unrated?.at(position) ?? 0);
    }
    const { counterId } = sum;
    const sums = { total: String(total), unrated: String(unrated), peak: String(peak) };
    return [{ counterId, bucket, ...sums, affected, data: writePositions(positions) }];
  });
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
