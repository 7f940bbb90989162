import { changesAt, isActive } from "../incidents/silence-matching.ts";
import {
  endedSilences,
  type SilenceRecord,
  silencesById,
  WEEKDAYS,
  type RecurringWindow as WindowRecord,
} from "../store/incidents/silences.ts";
import { builder } from "./builder.ts";
import { silenceIdOf, silenceNodeId } from "./ids.ts";
import { Matcher } from "./matcher.ts";
import { Node, nodeById } from "./node.ts";

const ENDED_MAX = 500;

export const Weekday = builder.enumType("Weekday", {
  description: "A day of the week.",
  values: WEEKDAYS,
});

const RecurringWindow = builder.objectRef<WindowRecord>("RecurringWindow").implement({
  description:
    "A stretch of local time that comes back, as a maintenance window does. It is the clocks that count: where they are put forward over a part of it, it is so much shorter, and where they are put back within it, so much longer.",
  fields: (t) => ({
    days: t.field({
      type: [Weekday],
      description: "On which it begins.",
      resolve: ({ days }) => [...days],
    }),
    from: t.string({ description: "Local time, as 22:30.", resolve: ({ from }) => clockOf(from) }),
    to: t.string({
      description: "Local time, on the next day unless it is later than `from`.",
      resolve: ({ to }) => clockOf(to),
    }),
    zone: t.exposeString("zone", { description: "Of the IANA, as Europe/Berlin." }),
  }),
});

export const Silence = builder.objectRef<SilenceRecord>("Silence").implement({
  description:
    "Holds back the notifications of incidents that all of its matchers meet: labels, and `cause` and `severity` beside them. Kept for as long as hours are after it ended.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => silenceNodeId(id) }),
    matchers: t.field({ type: [Matcher], resolve: ({ matchers }) => [...matchers] }),
    from: t.field({ type: "DateTime", resolve: ({ from }) => from }),
    until: t.field({
      type: "DateTime",
      nullable: true,
      description: "Null for a recurring one without an end.",
      resolve: ({ until }) => until,
    }),
    window: t.field({
      type: RecurringWindow,
      nullable: true,
      description: "When it holds between `from` and `until`; null for all the time.",
      resolve: ({ window }) => window,
    }),
    maintenance: t.exposeBoolean("maintenance", {
      description:
        "Hosts whose labels match are under maintenance while it holds: no incident of them is opened, and what they lose does not count against objectives.",
    }),
    comment: t.exposeString("comment", { description: "Why." }),
    createdBy: t.exposeString("createdBy", { description: "The person's or the token's name." }),
    createdAt: t.field({ type: "DateTime", resolve: ({ createdAt }) => createdAt }),
    expiredAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When somebody ended it ahead of time; null unless somebody did.",
      resolve: ({ expiredAt }) => expiredAt,
    }),
    active: t.boolean({
      description: "Whether it holds now.",
      resolve: (silence, _args, { now }) => isActive(silence, now()),
    }),
    changesAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When it will hold next or, while it does, no longer; null when it will not change again.",
      resolve: (silence, _args, { now }) => changesAt(silence, now()),
    }),
  }),
});

builder.queryFields((t) => ({
  silences: t.field({
    type: [Silence],
    description: `Silences, newest first: all that have not ended, and up to ${ENDED_MAX} of those that have.`,
    args: {
      active: t.arg.boolean({
        description: "True for those that hold now alone, false for those that do not.",
      }),
    },
    resolve: async (_root, { active }, { db, incidents, now }) => {
      const open = await incidents.openSilences();
      const ended = active === true ? [] : await endedSilences(db, now(), ENDED_MAX);
      return [...open, ...ended]
        .filter((silence) => active == null || isActive(silence, now()) === active)
        .sort((a, b) => b.id - a.id);
    },
  }),
}));

nodeById("silence", "Silence", async ({ db }, ownId) => {
  const [found] = await silencesById(db, [silenceIdOf(ownId)]);
  return found ?? null;
});

function clockOf(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
