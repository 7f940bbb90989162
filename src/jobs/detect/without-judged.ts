import { COVERED_MIN_MS, type ShardBaselines } from "../../detect/baseline/shard-baselines.ts";
import type { ShardMinute } from "../../detect/columns.ts";
import { MINUTE_MS } from "../../rates/minute.ts";

/** A minute that was rolled up again, as if only those had reported in it that were not judged so far yet. */
export function withoutJudged(minute: ShardMinute, { lastMinute }: ShardBaselines): ShardMinute {
  const number = Math.floor(minute.at / MINUTE_MS);
  const ratedMs = minute.ratedMs.map((ms, position) =>
    ms >= COVERED_MIN_MS && number > (lastMinute[position] as number) ? ms : 0,
  );
  return { ...minute, ratedMs };
}
