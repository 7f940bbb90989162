import { type CounterEntry, counterEntry, findCounter } from "../catalog/catalog.ts";
import { SpillwayError } from "../errors.ts";
import type { Context } from "./context.ts";

/** A counter that was asked for, as the catalog and the store know it. */
export interface AskedCounter {
  readonly entry: CounterEntry;
  /** Null when no host has ever sent it. */
  readonly counterId: number | null;
  /** Layouts that have it. */
  readonly layoutIds: readonly number[];
}

/** @throws NOT_FOUND for a name that neither the catalog nor any host knows */
export async function resolveCounter(context: Context, name: string): Promise<AskedCounter> {
  const { db, layouts } = context;
  const entry = findCounter(name) ?? counterEntry(name);
  const counterId = await layouts.counterId(db, entry.name);
  if (counterId === null) {
    if (entry.meaning !== null) return { entry, counterId, layoutIds: [] };
    throw new SpillwayError(
      "NOT_FOUND",
      `no counter "${name.slice(0, 100)}": no host has sent one of that name; \`counters\` lists those there are`,
    );
  }
  const layoutIds: number[] = [];
  for (const layout of (await layouts.loadAll(db)).values()) {
    if (layout.counterIds.includes(counterId)) layoutIds.push(layout.id);
  }
  return { entry, counterId, layoutIds };
}

/** @throws BAD_REQUEST for a gauge, which has no increase */
export function requireIncreasing({ entry }: AskedCounter, what: string): void {
  if (entry.kind !== "GAUGE") return;
  throw new SpillwayError(
    "BAD_REQUEST",
    `${entry.name} is a gauge: it goes up and down and has no ${what}; \`host.latest\` has its value`,
  );
}
