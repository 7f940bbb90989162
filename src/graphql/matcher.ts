import type { LabelMatcher } from "../store/host-filter.ts";
import { builder } from "./builder.ts";
import { MatchOp } from "./host-filter.ts";

export const Matcher = builder.objectRef<LabelMatcher>("Matcher").implement({
  description:
    "One of Prometheus' label matchers. RE and NRE are anchored, in RE2 syntax; a label that is missing is the empty string.",
  fields: (t) => ({
    name: t.exposeString("name"),
    op: t.field({ type: MatchOp, resolve: ({ op }) => op }),
    value: t.exposeString("value"),
  }),
});
