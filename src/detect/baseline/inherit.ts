import { SEASONAL_SERIES, STILL_SERIES } from "../series.ts";
import { BUCKETS } from "./season.ts";
import type { SeriesBank } from "./series-bank.ts";
import type { ShardBaselines } from "./shard-baselines.ts";

/** A namespace with baselines of its own: a host of the same role. */
export interface Donor {
  readonly shard: ShardBaselines;
  readonly position: number;
}

/**
 * Gives a namespace that was never judged the season and the spread in the middle of its role's, so that it is
 * useful on its first day; its level it learns by itself. One that was judged before is left as it is.
 *
 * @returns false when nothing was given: it was judged before, or no donor has learned enough
 */
export function inheritBaselines(shard: ShardBaselines, position: number, donors: readonly Donor[]): boolean {
  if (shard.lastMinute[position] !== 0) return false;
  const given = [
    inheritBank(shard.still, position, STILL_SERIES.length, donors, "still"),
    inheritBank(shard.seasonal, position, SEASONAL_SERIES.length, donors, "seasonal"),
  ];
  return given.includes(true);
}

function inheritBank(
  bank: SeriesBank,
  position: number,
  width: number,
  donors: readonly Donor[],
  which: "still" | "seasonal",
): boolean {
  let given = false;
  for (let place = 0; place < width; place++) {
    const grown = donors
      .map((donor) => ({ bank: donor.shard[which], index: donor.position * width + place }))
      .filter((donor) => donor.bank.isGrown(donor.index));
    if (grown.length === 0) continue;
    const middle = (column: "dispersion" | "level") =>
      medianOf(grown.map((donor) => donor.bank[column][donor.index] as number));
    const season = Array.from({ length: bank.seasonal ? BUCKETS : 0 }, (_, bucket) =>
      Math.round(medianOf(grown.map((donor) => donor.bank.season[donor.index * BUCKETS + bucket] as number))),
    );
    bank.inherit(position * width + place, {
      dispersion: middle("dispersion"),
      level: middle("level"),
      season,
    });
    given = true;
  }
  return given;
}

function medianOf(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1] as number;
}
