import type { ShardBaselines } from "../../detect/baseline/shard-baselines.ts";
import type { Expectation } from "../../detect/detectors/burst.ts";
import { ALL_SERIES } from "./series.ts";

/**
 * What is usual at a position at a time, by series; one whose baseline is not mature has no entry.
 *
 * @param offsetMinutes by which its clock is ahead of UTC then
 */
export function usualAt(
  baselines: ShardBaselines,
  position: number,
  at: number,
  offsetMinutes: number,
): Map<string, Expectation> {
  const usual = new Map<string, Expectation>();
  for (const series of ALL_SERIES) {
    const expectation = baselines.expectation(position, series, at, offsetMinutes);
    if (expectation !== null) usual.set(series.name, expectation);
  }
  return usual;
}
