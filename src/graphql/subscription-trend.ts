import { SpillwayError } from "../errors.ts";
import { hostPredicate } from "../store/host-filter.ts";
import { MINUTE_MS } from "../store/queries/resolution.ts";
import { builder } from "./builder.ts";
import { wholeMinutes } from "./fleet-shape.ts";
import { HostFilter, storeFilter } from "./host-filter.ts";
import { questionKey } from "./question-key.ts";
import { Measure, Series } from "./series.ts";
import { TrendFeed, type TrendQuestion } from "./trend-feed.ts";
import { resolveMeasure } from "./trend-series.ts";

const STEP_MAX_MS = 60 * MINUTE_MS;

builder.subscriptionFields((t) => ({
  trend: t.field({
    type: [Series],
    description: [
      "Each new step of a trend as it closes, of the series that `fleet.trend` has, all of them in one message.",
      "The first message comes at once, with the newest step that is over. A step is told when every shard has rolled it up: two to four seconds after its end, while the workers keep up.",
      "Counters of drops are told while their step is open too, within a tick of two seconds after a snapshot came in: the step is there again each time its value has changed, in a message that holds only the series of which something changed.",
      "So a message's `start` may lie before what was told already: what is there again replaces it, as it does where late snapshots have mended one of the last two steps.",
      "`total`, `resets` and `gaps` are empty here. Who asks the same shares what it costs.",
    ].join(" "),
    args: {
      counter: t.arg.string({ required: true, description: "By any name that `counter` understands." }),
      filter: t.arg({ type: HostFilter, description: "Looked at anew with each message." }),
      groupBy: t.arg.stringList({ description: "Names of labels, as of `fleet.trend`." }),
      step: t.arg({ type: "Duration", defaultValue: MINUTE_MS, description: "Whole minutes, at most 1h." }),
      measure: t.arg({ type: Measure, defaultValue: "RATE" }),
      open: t.arg.boolean({
        defaultValue: true,
        description: "false: of counters of drops, too, only steps that are over.",
      }),
    },
    subscribe: async (_root, { counter, filter, groupBy, step, measure, open }, context) => {
      const what = await resolveMeasure(context, counter, measure);
      const question: TrendQuestion = {
        counter: what.asked.entry.name,
        measure: what.measure,
        filter: filter ?? null,
        groupBy: [...new Set(groupBy ?? [])],
        stepMs: liveStep(step ?? MINUTE_MS),
        open: open ?? true,
      };
      hostPredicate(storeFilter(question.filter));
      return context.live.trends.join(questionKey(question), () => new TrendFeed(context, question));
    },
    resolve: (series) => [...series],
  }),
}));

/** @throws BAD_REQUEST for a step that cuts minutes; LIMIT_EXCEEDED for one that is told too seldom */
function liveStep(stepMs: number): number {
  if (stepMs <= STEP_MAX_MS) return wholeMinutes(stepMs);
  throw new SpillwayError(
    "LIMIT_EXCEEDED",
    "a step of a subscription is at most 1h: ask for `fleet.trend` from time to time instead",
  );
}
