/**
 * What judging costs, for each series and evaluation.
 *
 * A shard of 256 namespaces with all their series, minute after minute: diurnal loads, a few counters that stand
 * still, a burst here and there. CPU time of this process; bytes in memory and as stored.
 */

import { randomOf } from "../../src/demo/random.ts";
import { decodeBaselines, encodeBaselines } from "../../src/detect/baseline/codec.ts";
import type { SeriesBank } from "../../src/detect/baseline/series-bank.ts";
import { ShardBaselines } from "../../src/detect/baseline/shard-baselines.ts";
import type { ShardMinute } from "../../src/detect/columns.ts";
import { SEASONAL_SERIES, STILL_SERIES } from "../../src/detect/series.ts";
import { MINUTE_MS } from "../../src/rates/minute.ts";
import { POSITIONS } from "../../src/rates/shard-sums.ts";

const SERIES = STILL_SERIES.length + SEASONAL_SERIES.length;
const WARM_MINUTES = 600;
const MINUTES = 1_000;
const FLEET_SERIES = 400_000;
const T0 = Date.UTC(2026, 10, 23);

const random = randomOf("cost of judging");
const FLOWS = SEASONAL_SERIES.filter(({ kind }) => kind === "flow").map(({ counter }) => counter);

function minuteAt(at: number): ShardMinute {
  const column = (value: (position: number) => number) =>
    Float64Array.from({ length: POSITIONS }, (_, at) => value(at));
  const day = 1 + 0.5 * Math.sin((at / 86_400_000) * 2 * Math.PI);
  const load = (scale: number) =>
    column((position) => Math.round((50 + position * scale) * day * (0.9 + 0.2 * random())));
  return {
    at,
    ratedMs: column(() => MINUTE_MS),
    increases: new Map([
      ...FLOWS.map((name, index) => [name, load(index + 1)] as const),
      ["TcpRetransSegs", load(0.1)],
      ["TcpAttemptFails", column(() => (random() < 0.05 ? 1 : 0))],
      ["TcpExtListenOverflows", column(() => (random() < 0.001 ? 40 : 0))],
    ]),
    gauges: new Map([["TcpCurrEstab", load(2)]]),
    disturbed: null,
  };
}

export interface Cost {
  /** CPU time of one series in one evaluation. */
  readonly nsPerSeries: number;
  readonly bytesPerSeries: number;
  readonly bytesPerSeasonalSeries: number;
  /** Of a shard of 256 namespaces: bytes stored, and ms of CPU to write and read them back. */
  readonly storedBytes: number;
  readonly storedMs: number;
  /** Of a fleet of so many series, judged each minute. */
  readonly fleetSeries: number;
  readonly corePercent: number;
}

export function measureCost(): Cost {
  const shard = new ShardBaselines();
  // Made before the clock runs: reading columns is the store's cost, and measured there.
  const minutes = Array.from({ length: 60 }, (_, index) => minuteAt(T0 + index * MINUTE_MS));
  let at = T0;
  const run = (count: number): number => {
    const before = process.cpuUsage();
    for (let index = 0; index < count; index++, at += MINUTE_MS) {
      shard.evaluate({ ...(minutes[index % minutes.length] as ShardMinute), at });
    }
    return cpuMs(before);
  };
  run(WARM_MINUTES);
  const nsPerSeries = (run(MINUTES) * 1e6) / (MINUTES * POSITIONS * SERIES);
  const bytes = encodeBaselines(shard);
  const before = process.cpuUsage();
  decodeBaselines(bytes);
  encodeBaselines(shard);
  return {
    nsPerSeries,
    bytesPerSeries: bytesOf([shard.still, shard.seasonal]) / (POSITIONS * SERIES),
    bytesPerSeasonalSeries: bytesOf([shard.seasonal]) / (POSITIONS * SEASONAL_SERIES.length),
    storedBytes: bytes.length,
    storedMs: cpuMs(before),
    fleetSeries: FLEET_SERIES,
    corePercent: (nsPerSeries * FLEET_SERIES) / 6e8,
  };
}

function bytesOf(banks: readonly SeriesBank[]): number {
  return banks.flatMap((bank) => bank.columns()).reduce((sum, { array }) => sum + array.byteLength, 0);
}

function cpuMs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
