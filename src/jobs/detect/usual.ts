import type { ShardBaselines } from "../../detect/baseline/shard-baselines.ts";
import type { Expectation } from "../../detect/detectors/burst.ts";
import { ALL_SERIES } from "./series.ts";

/** What is usual at a position at a time, by series; one whose baseline is not mature has no entry. */
export function usualAt(baselines: ShardBaselines, position: number, at: number): Map<string, Expectation> {
  const usual = new Map<string, Expectation>();
  for (const series of ALL_SERIES) {
    const expectation = baselines.expectation(position, series, at);
    if (expectation !== null) usual.set(series.name, expectation);
  }
  return usual;
}
