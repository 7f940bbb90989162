import { ChangeFeed, each } from "../live/change-feed.ts";
import { SYSTEM_ACTOR } from "../store/audit.ts";
import { readIncidents } from "../store/incidents/incident-pages.ts";
import type { IncidentRecord } from "../store/incidents/records.ts";
import { builder } from "./builder.ts";
import { createContext, type Sources } from "./context.ts";
import { Incident } from "./incident.ts";
import { IncidentFilter, type IncidentFilterInput, incidentQuery } from "./incidents.ts";
import { asQueryFault } from "./query-fault.ts";
import { questionKey } from "./question-key.ts";

/** Changes are looked for from so long before now: processes' clocks differ, and a commit shows later than it is dated. */
const LOOKED_BACK_MS = 60_000;
/** Changes told of one look at most; those of the incidents that began last. */
const CHANGES_MAX = 1_000;

builder.subscriptionFields((t) => ({
  incidents: t.field({
    type: Incident,
    description: [
      "Each incident that meets the filter, whenever anything of it has changed since the subscription began: opened, changed, noted, acknowledged, resolved.",
      "One that was told and does not meet the filter any more is told once more, so that whoever shows open incidents learns that one is resolved.",
      "Told at once where the change was announced, and else within five seconds; several changes that follow each other closely may be told as one.",
      "What is there already is asked for by `incidents`.",
    ].join(" "),
    args: { filter: t.arg({ type: IncidentFilter }) },
    subscribe: async (_root, { filter }, context) => {
      const feed = await incidentFeed(context, filter);
      return each(context.live.incidents.join(questionKey(filter), () => feed));
    },
    resolve: (incident) => incident,
  }),
}));

function incidentFeed(
  sources: Sources,
  filter: IncidentFilterInput | null | undefined,
): Promise<ChangeFeed<IncidentRecord>> {
  let since = sources.now() - LOOKED_BACK_MS;
  return ChangeFeed.begin(async (told) => {
    try {
      const context = createContext(sources, SYSTEM_ACTOR);
      const now = context.now();
      const query = await incidentQuery(context, filter);
      const page = { after: null, limit: CHANGES_MAX };
      const updatedSince = Math.max(since, query.updatedSince ?? 0);
      const meeting = await readIncidents(context.db, { ...query, updatedSince }, page);
      const met = new Set(meeting.map(({ id }) => id));
      const changed = await readIncidents(context.db, { updatedSince: since }, page);
      since = now - LOOKED_BACK_MS;
      return [...meeting, ...changed.filter(({ id }) => told.has(id) && !met.has(id))];
    } catch (error) {
      throw asQueryFault(error);
    }
  });
}
