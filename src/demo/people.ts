import { acknowledgeIncident } from "../incidents/acknowledge.ts";
import { annotateIncident } from "../incidents/annotate.ts";
import { rateIncident } from "../incidents/rate.ts";
import { recordEvent } from "../incidents/record-event.ts";
import { createSilence } from "../incidents/silence.ts";
import type { VerbContext } from "../incidents/verb.ts";
import type { PrismaClient } from "../store/client.ts";
import { readIncidents } from "../store/incidents/incident-pages.ts";
import type { IncidentRecord } from "../store/incidents/records.ts";
import type { Actor } from "../store/tokens.ts";
import { HOUR_MS, MINUTE_MS } from "./fleet.ts";
import type { Story } from "./story.ts";

const ANA: Actor = { kind: "proxy", id: null, name: "ana", scopes: ["read", "operate"] };
const BEN: Actor = { kind: "proxy", id: null, name: "ben", scopes: ["read", "operate"] };
const PIPELINE: Actor = { kind: "token", id: null, name: "deploy pipeline", scopes: ["operate"] };
const INCIDENTS_MAX = 100;

type Cause = IncidentRecord["cause"];

interface Deed {
  /** ms since 1970: it is done at the end of the stretch of history that has it. */
  readonly at: number;
  readonly run: (
    context: Omit<VerbContext, "actor">,
    incidents: readonly IncidentRecord[],
  ) => Promise<unknown>;
}

/**
 * What the people of the simulated fleet do, by the verbs that GraphQL has: they deploy, acknowledge, take notes.
 *
 * @returns called with each new end of the history; each deed is done once
 */
export function peopleOf(db: PrismaClient, story: Story, endMs: number): (now: number) => Promise<void> {
  let deeds = deedsOf(story, endMs);
  return async (now) => {
    const due = deeds.filter(({ at }) => at <= now);
    deeds = deeds.filter(({ at }) => at > now);
    for (const { run } of due) {
      await run({ db, now }, await readIncidents(db, {}, { after: null, limit: INCIDENTS_MAX }));
    }
  };
}

function deedsOf({ deploys, earlier }: Story, endMs: number): Deed[] {
  const after = (minutes: number) => endMs + minutes * MINUTE_MS;
  return [
    ...(earlier.length === 0 ? [] : deedsBefore(after)),
    ...deploys.map(({ role, version, at }): Deed => {
      const event = {
        kind: "DEPLOY",
        title: `${role} ${version}`,
        at,
        matchers: [{ name: "role", op: "EQ", value: role }] as const,
      };
      return { at, run: (context) => recordEvent({ ...context, actor: PIPELINE }, event) };
    }),
    judged(
      after(-60),
      "APPLICATION_STALLED",
      ANA,
      true,
      "All workers waited for the connection pool of the database; a deadlock. Restarted.",
    ),
    takenOn(
      after(-30),
      "ACCEPT_QUEUE_TOO_SMALL",
      BEN,
      "A larger backlog goes out with the next release of the gateway.",
    ),
    {
      at: after(-0.5),
      run: (context) =>
        createSilence(
          { ...context, actor: ANA },
          {
            matchers: [{ name: "role", op: "EQ", value: "db" }],
            from: null,
            until: null,
            window: { days: ["SAT", "SUN"], from: 120, to: 240, zone: "Europe/Berlin" },
            maintenance: true,
            comment: "Backups of the weekend",
          },
        ),
    },
    {
      at: after(-0.5),
      run: (context) =>
        createSilence(
          { ...context, actor: BEN },
          {
            matchers: [{ name: "role", op: "EQ", value: "edge" }],
            from: null,
            until: context.now + 8 * HOUR_MS,
            window: null,
            maintenance: false,
            comment: "The provider filters the flood",
          },
        ),
    },
  ];
}

/**
 * The day before: who took on which incident, and what they wrote of it. What is done to one that is open is done at
 * the end of a stretch (history.ts) in which its fault goes on.
 *
 * @param after minutes from the end, as a time
 */
function deedsBefore(after: (minutes: number) => number): Deed[] {
  const config = {
    kind: "DEPLOY",
    title: "api: eight workers instead of twelve",
    at: after(-421),
    matchers: [{ name: "role", op: "EQ", value: "api" }] as const,
  };
  return [
    { at: config.at, run: (context) => recordEvent({ ...context, actor: PIPELINE }, config) },
    takenOn(
      after(-1_290),
      "APPLICATION_STALLED",
      ANA,
      "Merging segments holds every thread; the node is being restarted.",
    ),
    judged(
      after(-1_200),
      "APPLICATION_STALLED",
      ANA,
      true,
      "Segments are merged at night now, by two threads.",
    ),
    takenOn(
      after(-1_095),
      "ACCEPT_QUEUE_TOO_SMALL",
      BEN,
      "The nightly export opens its connections all at once.",
    ),
    judged(after(-780), "SYN_FLOOD", BEN, false, "Cookies held; nobody had to get up for it."),
    takenOn(
      after(-585),
      "UPSTREAM_REFUSING",
      ANA,
      "The directory is being restarted, one node after the other.",
    ),
    takenOn(after(-390), "APPLICATION_SLOW", BEN, "Eight workers are too few at this hour: back to twelve."),
    judged(after(-330), "APPLICATION_SLOW", BEN, true, "Twelve workers again since 20 minutes."),
  ];
}

/** Somebody acknowledges the newest incident of a cause, if it is still open. */
function takenOn(at: number, cause: Cause, actor: Actor, note: string): Deed {
  return {
    at,
    run: async (context, incidents) => {
      const found = incidents.find((one) => one.cause === cause && one.status === "OPEN");
      if (found !== undefined) await acknowledgeIncident({ ...context, actor }, found.id, note);
    },
  };
}

/** Somebody says of the newest incident of a cause whether it was useful to hear of it, and why. */
function judged(at: number, cause: Cause, actor: Actor, useful: boolean, note: string): Deed {
  return {
    at,
    run: async (context, incidents) => {
      const found = incidents.find((one) => one.cause === cause);
      if (found === undefined) return;
      await annotateIncident({ ...context, actor }, found.id, note);
      await rateIncident({ ...context, actor }, found.id, useful);
    },
  };
}
