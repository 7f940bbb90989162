import { parse } from "graphql";
import { z } from "zod";
import { cause, found, labels, SEVERITIES, time } from "./answers.ts";
import { parseMatcher } from "./matcher.ts";
import { matchParam, nextOf, noBody, none, pageParams, rangeCondition, rangeParams } from "./params.ts";
import { route } from "./route.ts";

const incident = z
  .strictObject({
    id: z.string(),
    title: z.string(),
    status: z.enum(["OPEN", "ACKNOWLEDGED", "RESOLVED"]),
    severity: z.enum(SEVERITIES),
    urgency: z.enum(["NOTE", "TICKET", "PAGE"]).describe("How loudly people are told."),
    cause,
    flapping: z.boolean(),
    dedupKey: z.string(),
    url: z.string(),
    startedAt: time,
    updatedAt: time,
    acknowledgedAt: time.nullable(),
    acknowledgedBy: z.string().nullable(),
    resolvedAt: time.nullable(),
    labels,
    hostCount: z.int(),
    lossShare: z
      .number()
      .nullable()
      .describe("Of new connections, lost or delayed; null where it was not estimated."),
    lossLow: z.number().nullable(),
    lossHigh: z.number().nullable(),
    useful: z.boolean().nullable().describe("What people said of it; null while nobody did."),
  })
  .meta({ id: "Incident" });

const INCIDENT_FIELDS =
  "id title status severity urgency cause flapping dedupKey url startedAt updatedAt acknowledgedAt acknowledgedBy resolvedAt " +
  "labels hostCount lossShare lossLow lossHigh useful";

export const listIncidents = route({
  method: "get",
  url: "/incidents",
  operationId: "listIncidents",
  tag: "incidents",
  summary: "Incidents, the newest first, a page at a time",
  scope: "read",
  path: none,
  query: z.strictObject({
    status: z
      .array(z.enum(["OPEN", "ACKNOWLEDGED", "RESOLVED"]))
      .optional()
      .describe("One of these; may be repeated."),
    severity: z.array(z.enum(SEVERITIES)).optional().describe("One of these; may be repeated."),
    cause: z.array(cause).optional().describe("One of these; may be repeated."),
    host: z.string().optional().describe("It is or was about a host of this name, or with this id."),
    ...matchParam,
    updatedSince: time.optional().describe("Something of it changed then or later."),
    ...rangeParams,
    ...pageParams,
  }),
  body: noBody,
  answer: z.strictObject({ incidents: z.array(incident), next: z.string().nullable() }),
  document: parse(`query ($filter: IncidentFilter, $first: Int, $after: String) {
    incidents(filter: $filter, first: $first, after: $after) {
      pageInfo { hasNextPage endCursor } edges { node { ${INCIDENT_FIELDS} } }
    }
  }`),
  variables: ({ query: { match, last, from, to, first, after, ...filter } }) => ({
    filter: {
      ...filter,
      labels: match?.map(parseMatcher),
      ...rangeCondition({ last, from, to }),
    },
    first,
    after,
  }),
  shape: ({ incidents: { edges, pageInfo } }) => ({
    incidents: edges.map(({ node }: { node: z.input<typeof incident> }) => node),
    next: nextOf(pageInfo),
  }),
  rows: ({ incidents }) => incidents,
});

const path = z.strictObject({ id: z.string().describe("The incident's id.") });

const evidence = z.strictObject({
  statement: z.string(),
  counter: z.string().nullable(),
  value: z.number().nullable(),
});

const diagnosis = z.strictObject({
  cause,
  contributing: z.array(cause),
  severity: z.enum(SEVERITIES),
  confidence: z.number(),
  summary: z.string(),
  evidence: z.array(evidence),
  remedies: z.array(z.string()),
});

const entry = z.strictObject({ at: time, kind: z.string(), actor: z.string().nullable(), text: z.string() });

export const getIncident = route({
  method: "get",
  url: "/incidents/{id}",
  operationId: "getIncident",
  tag: "incidents",
  summary: "One incident with its diagnosis, the hosts that it is about and the last of its timeline",
  scope: "read",
  path,
  query: none,
  body: noBody,
  answer: z.strictObject({
    ...incident.shape,
    hostNames: z.array(z.string()).describe("The first 100."),
    diagnosis: diagnosis.nullable(),
    timeline: z.array(entry).describe("The last 100 entries, the oldest of these first."),
  }),
  document: parse(`query ($id: ID!) {
    incident(id: $id) {
      ${INCIDENT_FIELDS} hostNames(first: 100)
      diagnosis {
        cause contributing severity confidence summary remedies evidence { statement value counter { name } }
      }
      timeline(first: 100, newestFirst: true) { edges { node { at kind actor text } } }
    }
  }`),
  variables: ({ path: { id } }) => ({ id }),
  shape: (data, given) => {
    const {
      diagnosis: why,
      timeline,
      ...one
    } = found<IncidentData>(data.incident, `incident "${given.path.id}"`);
    return {
      ...one,
      diagnosis:
        why === null
          ? null
          : {
              ...why,
              evidence: why.evidence.map(({ counter, ...rest }) => ({
                ...rest,
                counter: counter?.name ?? null,
              })),
            },
      timeline: timeline.edges.map(({ node }) => node).reverse(),
    };
  },
});

interface IncidentData extends z.input<typeof incident> {
  readonly hostNames: string[];
  readonly diagnosis:
    | (Omit<z.input<typeof diagnosis>, "evidence"> & {
        readonly evidence: readonly {
          readonly statement: string;
          readonly value: number | null;
          readonly counter: { readonly name: string } | null;
        }[];
      })
    | null;
  readonly timeline: { readonly edges: readonly { readonly node: z.input<typeof entry> }[] };
}

interface Verb<Body extends z.ZodObject<z.ZodRawShape>> {
  readonly name: string;
  readonly mutation: string;
  /** Its argument beside the id, as GraphQL declares it. */
  readonly argument: string;
  readonly summary: string;
  readonly body: Body;
}

/** A change of an incident by a person: `POST /incidents/{id}/<verb>`. */
function verb<Body extends z.ZodObject<z.ZodRawShape>>({ name, mutation, argument, ...rest }: Verb<Body>) {
  const [given] = argument.split(":");
  return route({
    method: "post",
    url: `/incidents/{id}/${name}`,
    operationId: mutation,
    tag: "incidents",
    scope: "operate",
    path,
    query: none,
    ...rest,
    answer: incident,
    document: parse(`mutation ($id: ID!, $${argument}) {
      incident: ${mutation}(id: $id, ${given}: $${given}) { ${INCIDENT_FIELDS} }
    }`),
    variables: (asked) => ({ id: asked.path.id, ...asked.body }),
    shape: (data) => data.incident,
  });
}

const note = z.strictObject({ note: z.string().optional().describe("Kept in the timeline.") });

export const incidentVerbs = [
  verb({
    name: "acknowledge",
    mutation: "acknowledgeIncident",
    argument: "note: String",
    summary: "Says that somebody is at it",
    body: note,
  }),
  verb({
    name: "resolve",
    mutation: "resolveIncident",
    argument: "note: String",
    summary: "Says that it is over",
    body: note,
  }),
  verb({
    name: "annotate",
    mutation: "annotateIncident",
    argument: "note: String!",
    summary: "Adds a note to its timeline",
    body: z.strictObject({ note: z.string() }),
  }),
  verb({
    name: "rate",
    mutation: "rateIncident",
    argument: "useful: Boolean!",
    summary: "Says whether it was useful, or noise",
    body: z.strictObject({ useful: z.boolean() }),
  }),
];
