import type { ShardMinute } from "../columns.ts";
import { columnsOf, seriesValue } from "../columns.ts";
import { judgeBurst } from "../detectors/burst.ts";
import { SEASONAL_SERIES, STILL_SERIES } from "../series.ts";
import { lossAt } from "./loss-at.ts";
import { type OffsetAt, UTC } from "./season.ts";
import type { PositionFlag, ShardBaselines } from "./shard-baselines.ts";

const EVENTS = [...STILL_SERIES, ...SEASONAL_SERIES].filter(({ kind }) => kind === "event");

/**
 * Judges the event counters of a minute that is not over, so that a burst is told within the interval in which it
 * came. It changes nothing: the minute is judged again, and learned from, when it has closed.
 *
 * @param minute what is in of it so far
 * @param to up to when, ms since 1970
 * @param offsetAt as of `ShardBaselines.evaluate`
 */
export function judgeOpenMinute(
  shard: ShardBaselines,
  minute: ShardMinute,
  to: number,
  offsetAt: OffsetAt = UTC,
): PositionFlag[] {
  const flags: PositionFlag[] = [];
  for (const series of EVENTS) {
    // Nobody's counter moved: there is no column, and nothing to look through.
    if (!minute.increases.has(series.counter)) continue;
    const columns = columnsOf(minute, series);
    for (const [position, ratedMs] of minute.ratedMs.entries()) {
      const count = seriesValue(columns, position);
      if (!(ratedMs > 0 && count > 0) || isLeftOut(shard, minute, position)) continue;
      const expectation = shard.expectation(position, series, minute.at, offsetAt(position));
      if (expectation === null) continue;
      const loss = series.losesHandshakes === true ? lossAt(minute, position) : null;
      const flag = judgeBurst({ series, from: minute.at, to, count, ratedMs, expectation, loss });
      if (flag !== null) flags.push({ position, flag });
    }
  }
  return flags;
}

/** After a reset, a gap or a deploy nothing is judged for a while. */
function isLeftOut(shard: ShardBaselines, { disturbed }: ShardMinute, position: number): boolean {
  return disturbed?.[position] === 1 || (shard.skips[position] as number) > 0;
}
