import type { Scrape } from "../collector.ts";
import { HOST_WIDE_GAUGES } from "../collectors/sockstat.ts";
import type { Readings } from "../readings.ts";
import { DIAGNOSIS_COUNTERS } from "./diagnosis-counters.ts";

/** What a namespace other than the root sends of what was read; null when that is nothing. */
export type Pick = (scrape: Scrape) => Readings | null;

/**
 * The counters that diagnosis needs, or all; what the kernel shows of the whole host is never among them.
 * Keeps the places of the names it saw last, since the names of a namespace rarely change.
 */
export function createPick(which: "diagnosis" | "all"): Pick {
  let seen: readonly string[] = [];
  let names: readonly string[] = [];
  let places: readonly number[] = [];
  return (scrape) => {
    if (!same(seen, scrape.names)) {
      seen = scrape.names;
      names = which === "all" ? seen.filter((name) => !HOST_WIDE_GAUGES.has(name)) : DIAGNOSIS_COUNTERS;
      const placeOf = new Map(seen.map((name, place) => [name, place]));
      places = names.map((name) => placeOf.get(name) ?? -1);
    }
    const values = places.map((place) => scrape.values[place] ?? null);
    return values.every((value) => value === null) ? null : { names, values };
  };
}

function same(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
