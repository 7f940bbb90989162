import type { ShardMinute } from "../../src/detect/columns.ts";
import { LEAK_HOURS } from "../../src/detect/detectors/leak.ts";
import { LEAK_COLUMNS } from "../../src/jobs/detect/leaks.ts";
import { MINUTE_MS } from "../../src/rates/minute.ts";
import { POSITIONS } from "../../src/rates/shard-sums.ts";
import type { ShardColumns } from "../../src/store/detect/shard-minutes.ts";
import type { Span } from "../../src/store/history/record.ts";

const HOUR_MS = 60 * MINUTE_MS;

/** The hours of a shard, summed up of its minutes as they are rolled up: what leaks are judged by. */
export class Hours {
  readonly #hours = new Map<number, ShardColumns>();

  add({ at, ratedMs, increases, gauges }: ShardMinute): void {
    const hour = this.#hourOf(Math.floor(at / HOUR_MS) * HOUR_MS);
    for (let position = 0; position < POSITIONS; position++) {
      if (!((ratedMs[position] as number) > 0)) continue;
      addAt(hour.ratedMs, ratedMs, position);
      for (const [name, column] of hour.increases) addAt(column, increases.get(name), position);
      for (const [name, column] of hour.gauges) {
        const value = gauges.get(name)?.[position] ?? Number.NaN;
        // The lowest of what is known: a comparison with what is no number is false.
        if (!(value >= (column[position] as number))) column[position] = value;
      }
    }
  }

  of({ from, to }: Span): ShardColumns[] {
    return [...this.#hours.values()].filter(({ at }) => at >= from && at < to);
  }

  #hourOf(at: number): ShardColumns {
    const known = this.#hours.get(at);
    if (known !== undefined) return known;
    const hour = {
      at,
      ratedMs: new Float64Array(POSITIONS),
      increases: new Map(LEAK_COLUMNS.counters.map((name) => [name, new Float64Array(POSITIONS)])),
      gauges: new Map(
        LEAK_COLUMNS.gauges.map((name) => [name, new Float64Array(POSITIONS).fill(Number.NaN)]),
      ),
    };
    this.#hours.set(at, hour);
    this.#hours.delete(at - (LEAK_HOURS + 1) * HOUR_MS);
    return hour;
  }
}

function addAt(column: Float64Array, more: Float64Array | undefined, position: number): void {
  column[position] = (column[position] as number) + (more?.[position] ?? 0);
}
