import { parse } from "graphql";
import { z } from "zod";
import { addressOf, cause, SEVERITIES, time } from "./answers.ts";
import { boundsOf, noBody, none, rangeOf, rangeParams } from "./params.ts";
import { route } from "./route.ts";

/** Incidents that one report reads; of more it says so. */
const INCIDENTS_MAX = 500;
/** A shift. */
const BY_DEFAULT = "12h";
/** A silence that ends so soon after the report should be known to who takes over. */
const SOON_MS = 24 * 3_600_000;

const incident = z.strictObject({
  id: z.string(),
  title: z.string(),
  status: z.string(),
  severity: z.enum(SEVERITIES),
  startedAt: time,
  resolvedAt: time.nullable(),
  hostCount: z.int(),
  lossShare: z.number().nullable(),
  url: z.string(),
});

const answer = z.strictObject({
  from: time,
  to: time,
  handshakes: z.strictObject({
    accepted: z.string().nullable(),
    share: z.number().nullable(),
    low: z.number().nullable(),
    high: z.number().nullable(),
  }),
  incidentCount: z.int(),
  truncated: z.boolean().describe("There were more incidents than a report reads: ask for a shorter range."),
  causes: z
    .array(
      z.strictObject({
        cause,
        count: z.int(),
        unresolved: z.int(),
        incidents: z.array(incident).describe("The worst first."),
      }),
    )
    .describe("The causes of most incidents first."),
  worstListeners: z.array(
    z.strictObject({
      host: z.string(),
      listener: z.string(),
      owner: z.string().nullable(),
      drops: z.number(),
      confidence: z.number(),
      advice: z.string().nullable(),
    }),
  ),
  expiringSilences: z
    .array(z.strictObject({ id: z.string(), comment: z.string(), createdBy: z.string(), until: time }))
    .describe("That hold now and end within a day."),
  noisyKeys: z
    .array(
      z.strictObject({
        dedupKey: z.string(),
        title: z.string(),
        incidents: z.int(),
        flapping: z.boolean(),
        calledNoise: z.int().describe("How many of them people have called noise."),
      }),
    )
    .describe("That came more than once, flapped, or were called noise."),
});

/** What somebody who takes over must know of the last hours. */
export const report = route({
  method: "get",
  url: "/report",
  operationId: "getReport",
  tag: "incidents",
  summary: "For handover: incidents by cause, worst listeners, silences that end soon, keys that make noise",
  scope: "read",
  path: none,
  query: z.strictObject(rangeParams),
  body: noBody,
  answer,
  document: parse(`query ($range: TimeRange!, $first: Int!) {
    system { time }
    fleet {
      handshakes(range: $range) { accepted share low high }
      top(counter: "ListenDrops", by: LISTENER, first: 10, range: $range) {
        host { name } listener { address port owner advice } attribution { drops confidence }
      }
    }
    incidents(filter: {range: $range}, first: $first) {
      pageInfo { hasNextPage }
      edges { node {
        id title status severity cause startedAt resolvedAt hostCount lossShare url dedupKey flapping useful
      } }
    }
    silences(active: true) { id comment createdBy until }
  }`),
  variables: ({ query }) => ({ range: rangeOf(query, BY_DEFAULT), first: INCIDENTS_MAX }),
  shape: (data: ReportData, { query }) => {
    const now = Date.parse(data.system.time);
    const incidents = data.incidents.edges.map(({ node }) => node);
    return {
      ...boundsOf(query, BY_DEFAULT, now),
      handshakes: data.fleet.handshakes,
      incidentCount: incidents.length,
      truncated: data.incidents.pageInfo.hasNextPage,
      causes: byCause(incidents),
      worstListeners: data.fleet.top.flatMap(({ host, listener, attribution }) =>
        listener === null || attribution === null
          ? []
          : [
              {
                host: host.name,
                listener: addressOf(listener),
                owner: listener.owner,
                ...attribution,
                advice: listener.advice,
              },
            ],
      ),
      expiringSilences: data.silences.flatMap(({ until, ...silence }) =>
        until !== null && Date.parse(until) <= now + SOON_MS ? [{ ...silence, until }] : [],
      ),
      noisyKeys: noisy(incidents),
    };
  },
});

interface IncidentData extends z.input<typeof incident> {
  readonly cause: string;
  readonly dedupKey: string;
  readonly flapping: boolean;
  readonly useful: boolean | null;
}

interface ReportData {
  readonly system: { readonly time: string };
  readonly fleet: {
    readonly handshakes: z.input<typeof answer>["handshakes"];
    readonly top: readonly {
      readonly host: { readonly name: string };
      readonly listener: {
        readonly address: string;
        readonly port: number;
        readonly owner: string | null;
        readonly advice: string | null;
      } | null;
      readonly attribution: { readonly drops: number; readonly confidence: number } | null;
    }[];
  };
  readonly incidents: {
    readonly pageInfo: { readonly hasNextPage: boolean };
    readonly edges: readonly { readonly node: IncidentData }[];
  };
  readonly silences: readonly {
    readonly id: string;
    readonly comment: string;
    readonly createdBy: string;
    readonly until: string | null;
  }[];
}

function byCause(incidents: readonly IncidentData[]): z.input<typeof answer>["causes"] {
  return [...groupBy(incidents, (one) => one.cause)]
    .map(([of, own]) => ({
      cause: of,
      count: own.length,
      unresolved: own.filter(({ resolvedAt }) => resolvedAt === null).length,
      incidents: own
        .sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity))
        .map(({ cause: _cause, dedupKey: _key, flapping: _flapping, useful: _useful, ...one }) => one),
    }))
    .sort((a, b) => b.count - a.count || (a.cause < b.cause ? -1 : 1));
}

function noisy(incidents: readonly IncidentData[]): z.input<typeof answer>["noisyKeys"] {
  return [...groupBy(incidents, ({ dedupKey }) => dedupKey)]
    .map(([dedupKey, own]) => ({
      dedupKey,
      title: own[0]?.title ?? "",
      incidents: own.length,
      flapping: own.some(({ flapping }) => flapping),
      calledNoise: own.filter(({ useful }) => useful === false).length,
    }))
    .filter(({ incidents: count, flapping, calledNoise }) => count > 1 || flapping || calledNoise > 0)
    .sort((a, b) => b.incidents - a.incidents || (a.dedupKey < b.dedupKey ? -1 : 1));
}

function groupBy<T, K>(list: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of list) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}
