/**
 * What a list of counters shows of each. The agent prints it and bundles no more of the catalog than this:
 * the texts of counters/ are for the service.
 */
import { splitCounterName } from "./groups.ts";
import { MEANINGS } from "./meanings.ts";
import { counterUnit } from "./units.ts";

export interface CounterSummary {
  /** What one step of it counts, in the plural. */
  readonly unit: string;
  /** What it counts, in one clause; null for a counter that the catalog does not document. */
  readonly meaning: string | null;
}

/** The summary of a counter by its full name. Always answers. */
export function counterSummary(name: string): CounterSummary {
  const { group } = splitCounterName(name);
  return { unit: counterUnit(name, group), meaning: firstClause(MEANINGS.get(name)) };
}

/** What follows a colon or a full stop explains. */
function firstClause(meaning: string | undefined): string | null {
  return meaning?.split(/[.:](?:\s|$)/, 1)[0] ?? null;
}
