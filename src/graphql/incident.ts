import { silencesOf } from "../incidents/silence-matching.ts";
import { INCIDENT_STATUSES, type IncidentRecord } from "../store/incidents/records.ts";
import { Anomaly, AnomalyConnection, anomalyPage, placeOfCursor } from "./anomaly.ts";
import { builder } from "./builder.ts";
import { connectionType, pageOf } from "./connection.ts";
import { DeliveryConnection } from "./delivery.ts";
import { Cause, Diagnosis, Severity, Urgency } from "./diagnosis.ts";
import { HostConnection, pageOfHosts } from "./hosts.ts";
import { incidentIdOf, incidentNodeId } from "./ids.ts";
import { Node, nodeById } from "./node.ts";
import { numbersOfCursor, requirePage } from "./page-info.ts";
import { Silence } from "./silence.ts";
import { TimelineConnection } from "./timeline.ts";

const NAMES_DEFAULT = 20;

export const IncidentStatus = builder.enumType("IncidentStatus", {
  description: "How far an incident has come. ACKNOWLEDGED: somebody has taken it on.",
  values: INCIDENT_STATUSES,
});

export const Incident = builder.objectRef<IncidentRecord>("Incident");

Incident.implement({
  description:
    "What a person handles: anomalies with one cause, on one host or many. Kept for as long as hours are after it was resolved.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => incidentNodeId(id) }),
    title: t.exposeString("title"),
    status: t.field({ type: IncidentStatus, resolve: ({ status }) => status }),
    severity: t.field({ type: Severity, resolve: ({ severity }) => severity }),
    urgency: t.field({
      type: Urgency,
      description: "The loudest that it asked for since it was opened last.",
      resolve: ({ urgency }) => urgency,
    }),
    cause: t.field({ type: Cause, resolve: ({ cause }) => cause }),
    flapping: t.exposeBoolean("flapping", {
      description: "It ends and starts again within minutes; it stays one incident.",
    }),
    dedupKey: t.exposeString("dedupKey", {
      description: "The same for what is the same fault; at most one incident of a key is not resolved.",
    }),
    url: t.string({
      description: "Where people see it.",
      resolve: ({ id }, _args, { publicUrl }) => `${publicUrl?.() ?? ""}/incidents/${id}`,
    }),
    startedAt: t.field({ type: "DateTime", resolve: ({ startedAt }) => startedAt }),
    updatedAt: t.field({
      type: "DateTime",
      description: "When anything of it changed last, notes included.",
      resolve: ({ updatedAt }) => updatedAt,
    }),
    acknowledgedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "Null until somebody takes it on, and again when it comes back.",
      resolve: ({ acknowledgedAt }) => acknowledgedAt,
    }),
    acknowledgedBy: t.exposeString("acknowledgedBy", {
      nullable: true,
      description: "The person's or the token's name; null as `acknowledgedAt`.",
    }),
    resolvedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "Null while it lasts.",
      resolve: ({ resolvedAt }) => resolvedAt,
    }),
    labels: t.field({
      type: "Labels",
      description: "Of the group of hosts that it is about.",
      resolve: ({ labels }) => labels,
    }),
    hostCount: t.int({
      description: "Hosts that it is or was about.",
      resolve: async ({ id }, _args, { incidents }) => (await incidents.members.load(id)).length,
    }),
    hostNames: t.stringList({
      description: "Their names, in order, also of those that have been forgotten since.",
      args: { first: t.arg.int({ defaultValue: NAMES_DEFAULT, description: "At most 500." }) },
      resolve: async ({ id }, { first }, { incidents }) => {
        const size = requirePage(first ?? NAMES_DEFAULT);
        return (await incidents.members.load(id)).slice(0, size).map(({ hostName }) => hostName);
      },
    }),
    lossShare: t.float({
      nullable: true,
      description: "Share of new connections lost or delayed, 0 to 1; null where it was not estimated.",
      resolve: ({ loss }) => loss?.share ?? null,
    }),
    lossLow: t.float({
      nullable: true,
      description: "The least that it may be; null as `lossShare`.",
      resolve: ({ loss }) => loss?.low ?? null,
    }),
    lossHigh: t.float({
      nullable: true,
      description: "The most that it may be; null as `lossShare`.",
      resolve: ({ loss }) => loss?.high ?? null,
    }),
    useful: t.exposeBoolean("useful", {
      nullable: true,
      description: "Whether it was useful to hear of it, or noise; null before anybody said.",
    }),
    hosts: t.field({
      type: HostConnection,
      description:
        "Hosts that it is or was about, by name; those that have been forgotten are not among them.",
      args: {
        first: t.arg.int({ defaultValue: 50, description: "At most 500." }),
        after: t.arg.string({ description: "The cursor of the last host seen." }),
      },
      resolve: async ({ id }, { first, after }, { incidents, fleet }) => {
        const { hostById } = await fleet.read();
        const hosts = (await incidents.members.load(id)).flatMap(({ hostId }) => hostById.get(hostId) ?? []);
        return pageOfHosts(hosts, "NAME", first, after);
      },
    }),
    anomalies: t.field({
      type: AnomalyConnection,
      description: "The evidence, newest first.",
      args: {
        first: t.arg.int({ defaultValue: 50, description: "At most 500." }),
        after: t.arg.string({ description: "The cursor of the last anomaly seen." }),
      },
      resolve: async ({ id }, { first, after }, context) => {
        const size = requirePage(first);
        const page = { after: placeOfCursor(after, "anomalies"), limit: size + 1 };
        return anomalyPage(context, await context.incidents.anomalies(id, page), size, after);
      },
    }),
    diagnosis: t.field({
      type: Diagnosis,
      nullable: true,
      description: "As it was judged last; null where no cause was looked for.",
      resolve: ({ diagnosis }) => diagnosis,
    }),
    inhibitedBy: t.field({
      type: Incident,
      nullable: true,
      description:
        "The incident that explains it, so that nobody is told of this one; null where none does. Of one that is resolved: that which explained it then.",
      resolve: ({ inhibitedBy }, _args, { incidents }) =>
        inhibitedBy === null ? null : incidents.byId.load(inhibitedBy),
    }),
    silences: t.field({
      type: [Silence],
      description: "Those that hold its notifications back now.",
      resolve: async (incident, _args, { incidents, now }) =>
        silencesOf(incident, await incidents.openSilences(), now()),
    }),
    timeline: t.field({
      type: TimelineConnection,
      description: "Every transition and note, oldest first if not asked for otherwise.",
      args: {
        first: t.arg.int({ defaultValue: 50, description: "At most 500." }),
        after: t.arg.string({ description: "The cursor of the last entry seen." }),
        newestFirst: t.arg.boolean({ defaultValue: false, description: "Pages go back in time." }),
      },
      resolve: async ({ id }, { first, after, newestFirst }, { incidents }) => {
        const size = requirePage(first);
        const [at = 0, entry = 0] = after == null ? [] : numbersOfCursor(after, 2, "entries of a timeline");
        const place = after == null ? null : { at, id: entry };
        const rows = await incidents.timeline(id, {
          after: place,
          newestFirst: newestFirst ?? false,
          limit: size + 1,
        });
        return pageOf({ rows, first: size, hasPrevious: place !== null, keyOf: (row) => [row.at, row.id] });
      },
    }),
    deliveries: t.field({
      type: DeliveryConnection,
      description: "The notifications that tell of it, newest first.",
      args: {
        first: t.arg.int({ defaultValue: 50, description: "At most 500." }),
        after: t.arg.string({ description: "The cursor of the last delivery seen." }),
      },
      resolve: async ({ id }, { first, after }, { incidents }) => {
        const size = requirePage(first);
        const [place = null] = after == null ? [] : numbersOfCursor(after, 1, "deliveries");
        const rows = await incidents.deliveries(id, { after: place, limit: size + 1 });
        return pageOf({ rows, first: size, hasPrevious: place !== null, keyOf: (row) => [row.id] });
      },
    }),
  }),
});

export const IncidentConnection = connectionType("Incident", Incident, "incidents, newest first");

builder.objectField(Anomaly, "incident", (t) =>
  t.field({
    type: Incident,
    nullable: true,
    description: "The incident that it is evidence of; null where it is not, or not yet.",
    resolve: ({ incidentId }, _args, { incidents }) =>
      incidentId === null ? null : incidents.byId.load(incidentId),
  }),
);

nodeById("incident", "Incident", ({ incidents }, ownId) => incidents.byId.load(incidentIdOf(ownId)));
