import { ChangeFeed, each } from "../live/change-feed.ts";
import { SYSTEM_ACTOR } from "../store/audit.ts";
import { readAnomalies } from "../store/incidents/anomaly-pages.ts";
import { withFullName } from "./anomalies.ts";
import { Anomaly, type AnomalyShape, anomalyShape } from "./anomaly.ts";
import { AnomalyFilter, type AnomalyFilterInput } from "./anomaly-filter.ts";
import { anomalyQuery } from "./anomaly-query.ts";
import { builder } from "./builder.ts";
import { createContext, type Sources } from "./context.ts";
import { asQueryFault } from "./query-fault.ts";
import { questionKey } from "./question-key.ts";

/** Anomalies that ended longer ago are not looked at any more. */
const LOOKED_BACK_MS = 15 * 60_000;
/** Anomalies that are looked at, those that began last. */
const LOOKED_AT = 1_000;

builder.subscriptionFields((t) => ({
  anomalies: t.field({
    type: Anomaly,
    description: [
      "Each anomaly that meets the filter, when it was found and whenever it was judged anew since the subscription began: it grew, or it ended.",
      "Of those that last or ended within 15 minutes, the 1,000 that began last.",
      "Told at once where the change was announced, and else within five seconds.",
    ].join(" "),
    args: { filter: t.arg({ type: AnomalyFilter }) },
    subscribe: async (_root, { filter: input }, context) => {
      const filter = await withFullName(context, input);
      const feed = await anomalyFeed(context, filter);
      return each(context.live.anomalies.join(questionKey(filter), () => feed));
    },
    resolve: (anomaly) => anomaly,
  }),
}));

function anomalyFeed(sources: Sources, filter: AnomalyFilterInput | null): Promise<ChangeFeed<AnomalyShape>> {
  return ChangeFeed.begin(async () => {
    try {
      const context = createContext(sources, SYSTEM_ACTOR);
      const now = context.now();
      const query = await anomalyQuery(context, filter);
      const from = Math.max(now - LOOKED_BACK_MS, query.range?.from ?? 0);
      // Judged by data that may be dated ahead of the clock.
      const to = query.range?.to ?? now + LOOKED_BACK_MS;
      const page = { after: null, limit: LOOKED_AT };
      const rows = await readAnomalies(context.db, { ...query, range: { from, to } }, page);
      const shapes = await Promise.all(rows.map((row) => anomalyShape(context, row)));
      return shapes.flatMap((shape) => shape ?? []);
    } catch (error) {
      throw asQueryFault(error);
    }
  });
}
