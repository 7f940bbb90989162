import { type TimelineKind as KindName, TIMELINE_KINDS } from "../store/incidents/records.ts";
import { findEntry, type TimelineRecord } from "../store/incidents/timeline.ts";
import { builder } from "./builder.ts";
import { connectionType } from "./connection.ts";
import { timelineNodeId } from "./ids.ts";
import { Node, nodeById } from "./node.ts";

const MEANING: Readonly<Record<KindName, string>> = {
  OPENED: "Detection opened it.",
  REOPENED: "It was resolved, and what it is about came back.",
  SEVERITY_CHANGED: "It became worse, or better.",
  CAUSE_CHANGED: "Another cause fits better now.",
  URGENCY_CHANGED: "People are to be told of it more loudly, or less.",
  HOSTS_CHANGED: "Hosts joined it, or recovered.",
  FLAPPING: "It ends and starts again within minutes.",
  INHIBITED: "Another incident explains it now, so that nobody need be told of it.",
  RELEASED: "No other incident explains it any more.",
  ACKNOWLEDGED: "Somebody has taken it on.",
  RESOLVED: "It is over, as detection or somebody found.",
  NOTE: "Somebody, or the service, has something to say.",
  RATED: "Somebody said whether it was useful to hear of it.",
};

const TimelineKind = builder.enumType("TimelineKind", {
  description: "What happened to an incident.",
  values: Object.fromEntries(TIMELINE_KINDS.map((kind) => [kind, { description: MEANING[kind] }])) as Record<
    KindName,
    { description: string }
  >,
});

const TimelineEntry = builder.objectRef<TimelineRecord>("TimelineEntry").implement({
  description: "A transition of an incident, or a note on it. Kept as long as the incident.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => timelineNodeId(id) }),
    at: t.field({
      type: "DateTime",
      description: "Of what the service found: the time of the data that it was found in.",
      resolve: ({ at }) => at,
    }),
    actor: t.exposeString("actor", { description: "The person's or the token's name, or spillway." }),
    kind: t.field({ type: TimelineKind, resolve: ({ kind }) => kind }),
    text: t.exposeString("text", { description: "Empty where there is nothing to add." }),
  }),
});

nodeById("timeline", "TimelineEntry", async ({ db }, ownId) =>
  /^[0-9]{1,15}$/.test(ownId) ? findEntry(db, Number(ownId)) : null,
);

export const TimelineConnection = connectionType("Timeline", TimelineEntry, "entries of a timeline");
