import {
  ambiguousCounters,
  type CounterEntry,
  counterEntry,
  findCounter,
  isConstant,
  isListed,
} from "../catalog/catalog.ts";
import { SpillwayError } from "../errors.ts";
import type { Reporters } from "../store/queries/rollup-rows.ts";
import type { Context } from "./context.ts";

/** As much of a name as an error repeats. */
const SHOWN_MAX = 100;

/** A counter that was asked for, as the catalog and the store know it. */
export interface AskedCounter {
  readonly entry: CounterEntry;
  /** Null when no host has ever sent it. */
  readonly counterId: number | null;
  /** Who would have told of it. */
  readonly reporters: Reporters;
}

/**
 * The counter that a caller means.
 *
 * @throws NOT_FOUND for a name that neither the catalog nor any host knows
 * @throws CONFLICT for a name of several counters
 */
export async function resolveCounter(context: Context, name: string): Promise<AskedCounter> {
  const found = await findAskedCounter(context, name);
  if (found !== null) return found;
  throw new SpillwayError(
    "NOT_FOUND",
    `no counter "${name.slice(0, SHOWN_MAX)}": no host has sent one of that name; \`counters\` lists those there are`,
  );
}

/**
 * The same, and null for a name that neither the catalog nor any host knows.
 *
 * @throws CONFLICT for a name of several counters
 */
export async function findAskedCounter(context: Context, name: string): Promise<AskedCounter | null> {
  const candidates = ambiguousCounters(name);
  if (candidates.length > 0) {
    throw new SpillwayError(
      "CONFLICT",
      `"${name.slice(0, SHOWN_MAX)}" is a name of ${candidates.length} counters: ask for one of ${candidates.join(", ")}`,
    );
  }
  const found = await context.counters.load(findCounter(name)?.name ?? counterEntry(name).name);
  return found.counterId !== null || isListed(found.entry.name) ? found : null;
}

/** A counter by its full name, whether or not any host has sent it. */
export async function knownCounter(
  { db, reader: { layouts } }: Pick<Context, "db" | "reader">,
  entry: CounterEntry,
): Promise<AskedCounter> {
  const counterId = await layouts.counterId(db, entry.name);
  const layoutIds: number[] = [];
  if (counterId !== null) {
    for (const layout of (await layouts.loadAll(db)).values()) {
      if (layout.counterIds.includes(counterId)) layoutIds.push(layout.id);
    }
  }
  return { entry, counterId, reporters: { layoutIds, event: entry.event } };
}

/** @throws BAD_REQUEST for a gauge, which has no increase */
export function requireIncreasing({ entry }: AskedCounter, what: string): void {
  if (entry.kind !== "GAUGE") return;
  requireCourse(entry);
  throw new SpillwayError(
    "BAD_REQUEST",
    `${entry.name} is a gauge: it goes up and down and has no ${what}; ask a fleet for its \`trend\` with the measure LAST, or a host for its \`latest\` value`,
  );
}

/** @throws BAD_REQUEST for a counter, whose value of itself says nothing, and for what is not known to be a gauge */
export function requireGauge({ entry }: AskedCounter): void {
  requireCourse(entry);
  if (entry.kind === "GAUGE") return;
  throw new SpillwayError(
    "BAD_REQUEST",
    entry.kind === "UNKNOWN"
      ? `${entry.name} is not known to be a gauge: LAST is for gauges; ask for its RATE or INCREASE, or a host for its \`latest\` value`
      : `${entry.name} is not a gauge: LAST is for gauges; ask for its RATE or INCREASE`,
  );
}

/** @throws BAD_REQUEST for a constant, which is kept with the snapshots alone */
function requireCourse({ name }: CounterEntry): void {
  if (!isConstant(name)) return;
  throw new SpillwayError(
    "BAD_REQUEST",
    `${name} is a constant, of which no course over time is kept: ask a host for its \`latest\` value`,
  );
}
