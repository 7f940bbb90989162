import { builder } from "./builder.ts";
import { Severity } from "./diagnosis.ts";
import { LabelMatcher } from "./host-filter.ts";
import { TimeRange } from "./range.ts";

export const AnomalyFilter = builder.inputType("AnomalyFilter", {
  description: "Anomalies that meet every condition given.",
  fields: (t) => ({
    severity: t.field({ type: [Severity], description: "One of these." }),
    detector: t.stringList({ description: "Found by one of these." }),
    counter: t.string({ description: "On this counter, by any name that `counter` understands." }),
    host: t.string({ description: "On the hosts of this name, or on the one with this id." }),
    labels: t.field({
      type: [LabelMatcher],
      description:
        "All of these, of its container where that has a label of the name, else of its host, as they are now.",
    }),
    open: t.boolean({ description: "True for those that last, false for those that have ended." }),
    range: t.field({ type: TimeRange, description: "It lasted at some time of this." }),
  }),
});

export type AnomalyFilterInput = typeof AnomalyFilter.$inferInput;
