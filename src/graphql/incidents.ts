import { type IncidentQuery, readIncidents } from "../store/incidents/incident-pages.ts";
import { placeOfCursor } from "./anomaly.ts";
import { hostsMeant, requireStorable } from "./anomaly-query.ts";
import { builder } from "./builder.ts";
import { pageOf } from "./connection.ts";
import type { Context } from "./context.ts";
import { Cause, Severity } from "./diagnosis.ts";
import { filterMatchers, LabelMatcher } from "./host-filter.ts";
import { incidentIdOf } from "./ids.ts";
import { Incident, IncidentConnection, IncidentStatus } from "./incident.ts";
import { requirePage } from "./page-info.ts";
import { resolveRange, TimeRange } from "./range.ts";

export const IncidentFilter = builder.inputType("IncidentFilter", {
  description: "Incidents that meet every condition given.",
  fields: (t) => ({
    status: t.field({ type: [IncidentStatus], description: "One of these." }),
    severity: t.field({ type: [Severity], description: "One of these." }),
    cause: t.field({ type: [Cause], description: "One of these." }),
    labels: t.field({ type: [LabelMatcher], description: "All of these, of the incident's own labels." }),
    host: t.string({ description: "It is or was about a host of this name, or the one with this id." }),
    updatedSince: t.field({
      type: "DateTime",
      description: "Something of it changed at this time or later.",
    }),
    range: t.field({ type: TimeRange, description: "It was not resolved at some time of this." }),
  }),
});

export type IncidentFilterInput = typeof IncidentFilter.$inferInput;

builder.queryFields((t) => ({
  incidents: t.field({
    type: IncidentConnection,
    description: "Incidents, those that began last first, a page at a time.",
    args: {
      filter: t.arg({ type: IncidentFilter }),
      first: t.arg.int({ defaultValue: 50, description: "At most 500." }),
      after: t.arg.string({ description: "The cursor of the last incident seen." }),
    },
    resolve: async (_root, { filter, first, after }, context) => {
      const size = requirePage(first);
      const page = { after: placeOfCursor(after, "incidents"), limit: size + 1 };
      const rows = await readIncidents(context.db, await incidentQuery(context, filter), page);
      return pageOf({
        rows,
        first: size,
        hasPrevious: page.after !== null,
        keyOf: ({ startedAt, id }) => [startedAt, id],
      });
    },
  }),
  incident: t.field({
    type: Incident,
    nullable: true,
    description: "By id, or by its number alone. Null when there is none.",
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, { incidents }) => incidents.byId.load(incidentIdOf(id)),
  }),
}));

/** The filter as the store takes it. @throws BAD_REQUEST for a condition that is none */
export async function incidentQuery(
  { fleet, now }: Context,
  input: IncidentFilterInput | null | undefined,
): Promise<IncidentQuery> {
  if (input == null) return {};
  const { status, severity, cause, host, updatedSince, range } = input;
  const labels = filterMatchers(input.labels);
  for (const text of labels?.flatMap(({ name, value }) => [name, value]) ?? []) requireStorable(text);
  return {
    status: status ?? null,
    severity: severity ?? null,
    cause: cause ?? null,
    labels,
    host: host == null ? null : hostsMeant(await fleet.read(), host),
    updatedSince: updatedSince ?? null,
    range: range == null ? null : resolveRange(range, now()),
  };
}
