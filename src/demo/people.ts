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

function deedsOf({ deploys }: Story, endMs: number): Deed[] {
  const after = (minutes: number) => endMs + minutes * MINUTE_MS;
  return [
    ...deploys.map(({ role, version, at }): Deed => {
      const event = {
        kind: "DEPLOY",
        title: `${role} ${version}`,
        at,
        matchers: [{ name: "role", op: "EQ", value: role }] as const,
      };
      return { at, run: (context) => recordEvent({ ...context, actor: PIPELINE }, event) };
    }),
    {
      at: after(-60),
      run: async (context, incidents) => {
        const stalled = incidents.find(({ cause }) => cause === "APPLICATION_STALLED");
        if (stalled === undefined) return;
        const text = "All workers waited for the connection pool of the database; a deadlock. Restarted.";
        await annotateIncident({ ...context, actor: ANA }, stalled.id, text);
        await rateIncident({ ...context, actor: ANA }, stalled.id, true);
      },
    },
    {
      at: after(-30),
      run: async (context, incidents) => {
        const small = incidents.find(
          ({ cause, status }) => cause === "ACCEPT_QUEUE_TOO_SMALL" && status === "OPEN",
        );
        if (small === undefined) return;
        const text = "A larger backlog goes out with the next release of the gateway.";
        await acknowledgeIncident({ ...context, actor: BEN }, small.id, text);
      },
    },
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
