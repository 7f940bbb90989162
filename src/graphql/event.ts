import { SpillwayError } from "../errors.ts";
import { recordEvent } from "../incidents/record-event.ts";
import { findEvent } from "../store/events.ts";
import { builder } from "./builder.ts";
import { type EventShape, eventShape, eventsOf } from "./event-lookup.ts";
import { Fleet } from "./fleet.ts";
import { fleetOf } from "./fleet-shape.ts";
import { Host } from "./host.ts";
import { HostFilter, LabelMatcher, storeMatchers } from "./host-filter.ts";
import { Incident } from "./incident.ts";
import { Matcher } from "./matcher.ts";
import { Node, nodeById } from "./node.ts";
import { resolveRange, TimeRange } from "./range.ts";
import { requireScope } from "./require-scope.ts";

const EVENTS_MAX = 1_000;

export const Event = builder.objectRef<EventShape>("Event").implement({
  description:
    "A deploy, a maintenance window, a reboot seen, a note: evidence for the diagnosis and marks on every plot.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => id }),
    kind: t.exposeString("kind", {
      description:
        "DEPLOY, MAINTENANCE, NOTE or any other upper-case word that was recorded; REBOOT also where a host came back with another boot.",
    }),
    title: t.exposeString("title"),
    at: t.field({
      type: "DateTime",
      description: "When it began; of a reboot, when its first snapshot came in.",
      resolve: ({ at }) => at,
    }),
    until: t.field({
      type: "DateTime",
      nullable: true,
      description: "Null for what has no duration.",
      resolve: ({ until }) => until,
    }),
    matchers: t.field({
      type: [Matcher],
      description:
        "Whom it concerns: hosts whose labels met all of these then; empty for everybody. `host` is the host's name.",
      resolve: ({ matchers }) => [...matchers],
    }),
    url: t.exposeString("url", { nullable: true, description: "Null when none was given." }),
    createdBy: t.exposeString("createdBy", {
      nullable: true,
      description: "The token or the person who recorded it; null for a reboot that was seen.",
    }),
    host: t.field({
      type: Host,
      nullable: true,
      description: "The host that a reboot was seen on; null for what was recorded.",
      resolve: ({ host }) => host,
    }),
  }),
});

nodeById("event", "Event", async ({ db }, ownId) => {
  if (!/^[0-9]{1,9}$/.test(ownId)) return null;
  const event = await findEvent(db, Number(ownId));
  return event === null ? null : eventShape(event);
});

const kinds = { description: "Of these kinds alone." };
const first = { defaultValue: 500, description: `The newest so many; at most ${EVENTS_MAX}.` };

interface Asked {
  readonly range: typeof TimeRange.$inferInput;
  readonly kinds?: readonly string[] | null | undefined;
  readonly first?: number | null | undefined;
}

/** @throws BAD_REQUEST, as `resolveRange`, and for more events than are given at once */
function question({ range, kinds, first }: Asked, now: number) {
  const count = first ?? 500;
  if (count < 0 || count > EVENTS_MAX) {
    throw new SpillwayError("BAD_REQUEST", `first: ${count} is none: ask for 0 to ${EVENTS_MAX} events`);
  }
  return {
    range: resolveRange(range, now),
    kinds: kinds?.map((kind) => kind.toUpperCase()) ?? null,
    first: count,
  };
}

builder.queryFields((t) => ({
  events: t.field({
    type: [Event],
    description:
      "Deploys, reboots, maintenance and whatever else was recorded, that touch the range; the newest first. With a filter, those that concern any of its hosts.",
    args: {
      filter: t.arg({ type: HostFilter }),
      range: t.arg({ type: TimeRange, required: true }),
      kinds: t.arg.stringList(kinds),
      first: t.arg.int(first),
    },
    resolve: async (_root, { filter, ...asked }, context) =>
      eventsOf(context, await fleetOf(context, filter), question(asked, context.now())),
  }),
}));

builder.objectField(Fleet, "events", (t) =>
  t.field({
    type: [Event],
    description: "Events that touch the range and concern any of these hosts; the newest first.",
    args: {
      range: t.arg({ type: TimeRange, required: true }),
      kinds: t.arg.stringList(kinds),
      first: t.arg.int(first),
    },
    resolve: (fleet, asked, context) => eventsOf(context, fleet, question(asked, context.now())),
  }),
);

builder.objectField(Host, "events", (t) =>
  t.field({
    type: [Event],
    description: "Events that touch the range and concern this host; the newest first.",
    args: {
      range: t.arg({ type: TimeRange, required: true }),
      kinds: t.arg.stringList(kinds),
      first: t.arg.int(first),
    },
    resolve: async (host, asked, context) => {
      const all = await context.fleet.read();
      return eventsOf(context, { all, hosts: [host], filtered: true }, question(asked, context.now()));
    },
  }),
);

builder.objectField(Incident, "events", (t) =>
  t.field({
    type: [Event],
    description:
      "Events that concern its hosts, from an hour before it began until it was resolved; the newest first, at most 100.",
    resolve: (incident, _args, { incidentEvents }) => incidentEvents.load(incident),
  }),
);

const EventInput = builder.inputType("EventInput", {
  description: "Something to record.",
  fields: (t) => ({
    kind: t.string({
      required: true,
      description: "DEPLOY, MAINTENANCE, NOTE or a word of one's own: letters, digits and underscores.",
    }),
    title: t.string({ required: true, description: "At most 300 characters." }),
    at: t.field({ type: "DateTime", description: "Now, when left out; within a year from now." }),
    until: t.field({
      type: "DateTime",
      description:
        "Left out for what has no duration; maintenance has one, of a day at most where its matchers match a host without labels.",
    }),
    matchers: t.field({
      type: [LabelMatcher],
      description:
        "Whom it concerns, by the labels that hosts have then: all of these, at most 20; everybody when left out. `host` is the host's name.",
    }),
    url: t.string({ description: "Where to read more: https or http." }),
  }),
});

builder.mutationFields((t) => ({
  recordEvent: t.field({
    type: Event,
    description:
      "Records a deploy, a maintenance window, a note or whatever else happened. Needs the scope `operate`.",
    args: { input: t.arg({ type: EventInput, required: true }) },
    resolve: async (_root, { input: { matchers, ...input } }, { actor, db, now }) => {
      requireScope(actor, "operate");
      const event = { ...input, matchers: storeMatchers(matchers) };
      return eventShape(await recordEvent({ db, actor, now: now() }, event));
    },
  }),
}));
