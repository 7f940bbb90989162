import { acknowledgeIncident } from "../incidents/acknowledge.ts";
import { annotateIncident } from "../incidents/annotate.ts";
import { rateIncident } from "../incidents/rate.ts";
import { resolveIncident } from "../incidents/resolve.ts";
import type { VerbContext } from "../incidents/verb.ts";
import { builder } from "./builder.ts";
import type { Context } from "./context.ts";
import { incidentIdOf } from "./ids.ts";
import { Incident } from "./incident.ts";
import { requireScope } from "./require-scope.ts";

builder.mutationFields((t) => ({
  acknowledgeIncident: t.field({
    type: Incident,
    description: "Says that you have taken an open incident on. Needs the scope `operate`.",
    args: { id: t.arg.id({ required: true }), note: t.arg.string() },
    resolve: (_root, { id, note }, context) =>
      acknowledgeIncident(operator(context), incidentIdOf(id), note ?? null),
  }),
  resolveIncident: t.field({
    type: Incident,
    description:
      "Says that an incident is over. If what it is about goes on, it is opened again. Needs the scope `operate`.",
    args: { id: t.arg.id({ required: true }), note: t.arg.string() },
    resolve: (_root, { id, note }, context) =>
      resolveIncident(operator(context), incidentIdOf(id), note ?? null),
  }),
  annotateIncident: t.field({
    type: Incident,
    description: "Writes a note into an incident's timeline. Needs the scope `operate`.",
    args: {
      id: t.arg.id({ required: true }),
      note: t.arg.string({ required: true, description: "At most 4,000 characters." }),
    },
    resolve: (_root, { id, note }, context) => annotateIncident(operator(context), incidentIdOf(id), note),
  }),
  rateIncident: t.field({
    type: Incident,
    description:
      "Useful, or noise: kept with the incident and counted in the report. Needs the scope `operate`.",
    args: { id: t.arg.id({ required: true }), useful: t.arg.boolean({ required: true }) },
    resolve: (_root, { id, useful }, context) => rateIncident(operator(context), incidentIdOf(id), useful),
  }),
}));

/** Who changes something here. @throws FORBIDDEN */
function operator({ db, actor, now }: Context): VerbContext {
  requireScope(actor, "operate");
  return { db, actor, now: now() };
}
