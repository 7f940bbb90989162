import { parse } from "graphql";
import { z } from "zod";
import { matcher, time } from "./answers.ts";
import { filterOf, filterParams, noBody, none, rangeOf, rangeParams } from "./params.ts";
import { route } from "./route.ts";

const event = z
  .strictObject({
    id: z.string(),
    kind: z.string().meta({ examples: ["DEPLOY", "MAINTENANCE", "REBOOT"] }),
    title: z.string(),
    at: time.describe("When it began."),
    until: time.nullable().describe("Null for what has no duration."),
    matchers: z.array(matcher).describe("Whom it concerns: all of these; empty for everybody."),
    url: z.string().nullable(),
    createdBy: z.string().nullable().describe("Who recorded it; null for a reboot that was seen."),
  })
  .meta({ id: "Event" });

const FIELDS = "id kind title at until matchers { name op value } url createdBy";

export const listEvents = route({
  method: "get",
  url: "/events",
  operationId: "listEvents",
  tag: "events",
  summary: "Deploys, reboots, maintenance and whatever else was recorded, the newest first",
  description: "With parameters that choose hosts, those that concern any of them.",
  scope: "read",
  path: none,
  query: z.strictObject({
    ...rangeParams,
    kind: z.array(z.string()).optional().describe("Of these kinds alone; may be repeated."),
    first: z.int().min(0).max(1_000).default(500).describe("The newest so many."),
    ...filterParams,
  }),
  body: noBody,
  answer: z.strictObject({ events: z.array(event) }),
  document: parse(`query ($filter: HostFilter, $range: TimeRange!, $kinds: [String!], $first: Int) {
    events(filter: $filter, range: $range, kinds: $kinds, first: $first) { ${FIELDS} }
  }`),
  variables: ({ query }) => ({
    filter: filterOf(query),
    range: rangeOf(query),
    kinds: query.kind,
    first: query.first,
  }),
  shape: ({ events }) => ({ events }),
  rows: ({ events }) => events.map(({ matchers: _, ...same }) => same),
});

export const postEvent = route({
  method: "post",
  url: "/events",
  operationId: "recordEvent",
  tag: "events",
  summary: "Records a deploy, a maintenance window, a note or whatever else happened",
  scope: "operate",
  path: none,
  query: none,
  body: z.strictObject({
    kind: z.string().meta({ examples: ["DEPLOY"] }),
    title: z.string().meta({ examples: ["shop 1.42"] }),
    at: time.optional().describe("Now, when left out; within a year from now."),
    until: time.optional().describe("Left out for what has no duration."),
    matchers: z
      .array(matcher)
      .optional()
      .meta({
        description:
          "Whom it concerns, by the labels that hosts have then: all of these; everybody when left out. `host` is the host's name.",
        examples: [[{ name: "role", value: "web" }]],
      }),
    url: z.string().optional().describe("Where to read more."),
  }),
  answer: event,
  status: 201,
  document: parse(`mutation ($input: EventInput!) { recordEvent(input: $input) { ${FIELDS} } }`),
  variables: ({ body }) => ({ input: body }),
  shape: ({ recordEvent }) => recordEvent,
});
