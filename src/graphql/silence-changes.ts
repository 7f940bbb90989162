import { SpillwayError } from "../errors.ts";
import { createSilence, expireSilence } from "../incidents/silence.ts";
import { type RecurringWindow, WEEKDAYS } from "../store/incidents/silences.ts";
import { builder } from "./builder.ts";
import { LabelMatcher, storeMatchers } from "./host-filter.ts";
import { silenceIdOf } from "./ids.ts";
import { requireScope } from "./require-scope.ts";
import { Silence, Weekday } from "./silence.ts";

const RecurringWindowInput = builder.inputType("RecurringWindowInput", {
  description: "A stretch of local time that comes back.",
  fields: (t) => ({
    days: t.field({ type: [Weekday], description: "On which it begins; by default every day." }),
    from: t.string({ required: true, description: "Local time, as 22:30." }),
    to: t.string({
      required: true,
      description: "Local time, on the next day unless it is later than `from`.",
    }),
    zone: t.string({ required: true, description: "Of the IANA, as Europe/Berlin." }),
  }),
});

const SilenceInput = builder.inputType("SilenceInput", {
  description: "With `until`, `duration` or a `window`; nothing is silenced for ever.",
  fields: (t) => ({
    matchers: t.field({
      type: [LabelMatcher],
      required: true,
      description:
        "Of incidents' labels, and of `cause` and `severity`; at most 20, all of which must match, and at least one of which does not match an incident without labels.",
    }),
    from: t.field({ type: "DateTime", description: "By default now." }),
    until: t.field({ type: "DateTime" }),
    duration: t.field({ type: "Duration", description: "Instead of `until`, after `from`." }),
    window: t.field({
      type: RecurringWindowInput,
      description: "It holds only within this, again and again: a maintenance window.",
    }),
    maintenance: t.boolean({
      defaultValue: false,
      description:
        "Whether hosts whose labels match are under maintenance while it holds, so that no incident of them is opened and what they lose does not count against objectives. Matchers are then of labels alone, of which `host` is a host's name where it has no such label.",
    }),
    comment: t.string({ required: true, description: "Why." }),
  }),
});

builder.mutationFields((t) => ({
  createSilence: t.field({
    type: Silence,
    description: "Holds back notifications of what matches. Needs the scope `operate`.",
    args: { input: t.arg({ type: SilenceInput, required: true }) },
    resolve: async (_root, { input }, { db, actor, now }) => {
      requireScope(actor, "operate");
      const { from = null, duration, comment, window, maintenance } = input;
      if (input.until != null && duration != null) {
        throw new SpillwayError("BAD_REQUEST", "a silence ends once: give `until` or `duration`, not both");
      }
      const at = now();
      const until = duration == null ? (input.until ?? null) : (from ?? at) + duration;
      const matchers = storeMatchers(input.matchers) ?? [];
      const asked = {
        matchers,
        from,
        until,
        comment,
        window: window == null ? null : windowOf(window),
        maintenance: maintenance ?? false,
      };
      return createSilence({ db, actor, now: at }, asked);
    },
  }),
  expireSilence: t.field({
    type: Silence,
    description: "Ends a silence ahead of its time. Needs the scope `operate`.",
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { db, actor, now }) => {
      requireScope(actor, "operate");
      return expireSilence({ db, actor, now: now() }, silenceIdOf(id));
    },
  }),
}));

/** @throws BAD_REQUEST for what is no time of day */
function windowOf({ days, from, to, zone }: typeof RecurringWindowInput.$inferInput): RecurringWindow {
  return {
    days: WEEKDAYS.filter((day) => days?.includes(day) ?? true),
    from: minutesOf(from),
    to: minutesOf(to),
    zone,
  };
}

function minutesOf(clock: string): number {
  const [, hours, minutes] = /^([01][0-9]|2[0-3]):([0-5][0-9])$/.exec(clock) ?? [];
  if (minutes !== undefined) return Number(hours) * 60 + Number(minutes);
  throw new SpillwayError(
    "BAD_REQUEST",
    `"${clock.slice(0, 20)}" is not a time of day: write 00:00 to 23:59, and 00:00 for the end of a day`,
  );
}
