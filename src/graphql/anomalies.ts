import { readAnomalies } from "../store/incidents/anomaly-pages.ts";
import { AnomalyConnection, anomalyPage, placeOfCursor } from "./anomaly.ts";
import { AnomalyFilter, type AnomalyFilterInput } from "./anomaly-filter.ts";
import { anomalyQuery } from "./anomaly-query.ts";
import { builder } from "./builder.ts";
import type { Context } from "./context.ts";
import { Host } from "./host.ts";
import { requirePage } from "./page-info.ts";
import { resolveCounter } from "./resolve-counter.ts";

builder.queryFields((t) => ({
  anomalies: t.field({
    type: AnomalyConnection,
    description: "What detectors have found over the fleet, a page at a time.",
    args: {
      filter: t.arg({ type: AnomalyFilter }),
      first: t.arg.int({ defaultValue: 50, description: "At most 500." }),
      after: t.arg.string({ description: "The cursor of the last anomaly seen." }),
    },
    resolve: async (_root, { filter, first, after }, context) => {
      const size = requirePage(first);
      const page = { after: placeOfCursor(after, "anomalies"), limit: size + 1 };
      const query = await anomalyQuery(context, await withFullName(context, filter));
      return anomalyPage(context, await readAnomalies(context.db, query, page), size, after);
    },
  }),
}));

builder.objectField(Host, "anomalies", (t) =>
  t.field({
    type: AnomalyConnection,
    description: "What detectors have found on this host, a page at a time.",
    args: {
      filter: t.arg({ type: AnomalyFilter }),
      first: t.arg.int({ defaultValue: 50, description: "At most 500." }),
      after: t.arg.string({ description: "The cursor of the last anomaly seen." }),
    },
    resolve: async ({ id }, { filter, first, after }, context) => {
      const size = requirePage(first);
      const page = { after: placeOfCursor(after, "anomalies"), limit: size + 1 };
      const asked = { ...page, filter: await withFullName(context, filter) };
      return anomalyPage(context, await context.incidents.anomaliesOfHost(id, asked), size, after);
    },
  }),
);

/** The filter with its counter by its full name. @throws NOT_FOUND for a counter that nobody knows */
async function withFullName(
  context: Context,
  filter: AnomalyFilterInput | null | undefined,
): Promise<AnomalyFilterInput | null> {
  if (filter?.counter == null) return filter ?? null;
  return { ...filter, counter: (await resolveCounter(context, filter.counter)).entry.name };
}
