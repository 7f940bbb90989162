import type { ShardMinute } from "../../../../src/detect/columns.ts";
import { POSITIONS } from "../../../../src/rates/shard-sums.ts";
import { MINUTE_MS } from "./load.ts";

/** A minute of one namespace at position 0: increases by full name, and gauges. */
export function minuteOf(
  at: number,
  counts: Readonly<Record<string, number>>,
  more: { gauges?: Readonly<Record<string, number>>; ratedMs?: number; disturbed?: boolean } = {},
): ShardMinute {
  const { gauges = {}, ratedMs = MINUTE_MS, disturbed = false } = more;
  return {
    at,
    ratedMs: atFirst(ratedMs),
    increases: new Map(Object.entries(counts).map(([name, count]) => [name, atFirst(count)])),
    gauges: new Map(Object.entries(gauges).map(([name, value]) => [name, atFirst(value, Number.NaN)])),
    disturbed: disturbed ? Uint8Array.from(atFirst(1)) : null,
  };
}

function atFirst(value: number, elsewhere = 0): Float64Array {
  const column = new Float64Array(POSITIONS).fill(elsewhere);
  column[0] = value;
  return column;
}
