/** What an expression gives over the times of a question. */
import type { Labels } from "../../store/queries/groups.ts";

/** A value for each time; null where there is none. */
export interface Sample {
  readonly labels: Labels;
  readonly values: readonly (number | null)[];
}

export type Result =
  | { readonly type: "scalar"; readonly value: number }
  | { readonly type: "vector"; readonly series: readonly Sample[] };

/** One text for one set of labels, whatever their order. */
export function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** The labels that are named, or all but those and the name of the metric; a label that is empty is none. */
export function pickLabels(
  labels: Labels,
  { except, names }: { except: boolean; names: readonly string[] },
): Labels {
  const wanted = new Set(names);
  return Object.fromEntries(
    Object.entries(labels).filter(
      ([name, value]) => value !== "" && wanted.has(name) !== except && !(except && name === "__name__"),
    ),
  );
}
