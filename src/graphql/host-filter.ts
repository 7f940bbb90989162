import type { HostFilter as StoreFilter, LabelMatcher as StoreMatcher } from "../store/host-filter.ts";
import { requireModestMatchers } from "../store/matcher-limits.ts";
import { builder } from "./builder.ts";

export const HostStatus = builder.enumType("HostStatus", {
  description: "How a host's reporting stands.",
  values: {
    REPORTING: { description: "Heard of within 2.5 of its intervals (at least 30 s)." },
    STALE: { description: "Later than that." },
    SILENT: { description: "Not heard of for three times as long (at least 90 s)." },
    LEFT: { description: "The agent said goodbye (shutdown, scale-in, removal); it raises nothing." },
  } as const,
});

export const MatchOp = builder.enumType("MatchOp", {
  description: "Prometheus' operators: =, !=, =~, !~.",
  values: ["EQ", "NE", "RE", "NRE"] as const,
});

export const LabelMatcher = builder.inputType("LabelMatcher", {
  description:
    "Prometheus' matchers. RE and NRE are anchored, in RE2 syntax; a label that is missing is the empty string.",
  fields: (t) => ({
    name: t.string({ required: true }),
    op: t.field({ type: MatchOp, defaultValue: "EQ" }),
    value: t.string({ required: true }),
  }),
});

export const HostFilter = builder.inputType("HostFilter", {
  description: "Hosts that meet every condition given.",
  fields: (t) => ({
    names: t.stringList({ description: "One of these names." }),
    labels: t.field({ type: [LabelMatcher], description: "All of these." }),
    status: t.field({ type: [HostStatus], description: "One of these." }),
    kernel: t.string({ description: "The kernel release begins with this." }),
    agentVersion: t.string(),
    search: t.string({ description: "Part of the name, in any case." }),
  }),
});

export type HostFilterInput = typeof HostFilter.$inferInput;

/** The filter as the store takes it. @throws BAD_REQUEST as `filterMatchers` */
export function storeFilter(input: HostFilterInput | null | undefined): StoreFilter {
  if (input == null) return {};
  return { ...input, labels: filterMatchers(input.labels) } as StoreFilter;
}

/** The matchers of a filter as the store takes them; null for none at all. @throws BAD_REQUEST as `requireModestMatchers` */
export function filterMatchers(
  input: readonly (typeof LabelMatcher.$inferInput)[] | null | undefined,
): StoreMatcher[] | null {
  const matchers = storeMatchers(input);
  requireModestMatchers(matchers ?? []);
  return matchers;
}

/** Matchers as the store takes them; null for none at all. */
export function storeMatchers(
  input: readonly (typeof LabelMatcher.$inferInput)[] | null | undefined,
): StoreMatcher[] | null {
  return input?.map(({ name, op, value }) => ({ name, op: op ?? "EQ", value })) ?? null;
}
