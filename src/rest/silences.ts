import { parse } from "graphql";
import { z } from "zod";
import { WEEKDAYS } from "../store/incidents/silences.ts";
import { matcher, time } from "./answers.ts";
import { noBody, none } from "./params.ts";
import { route } from "./route.ts";

const days = z.array(z.enum(WEEKDAYS));
const window = z.strictObject({
  zone: z.string().meta({ description: "Of the IANA.", examples: ["Europe/Berlin"] }),
  days: days.describe("On which it begins."),
  from: z.string().describe("Local time, as 22:30."),
  to: z.string().describe("Local time, on the next day unless it is later than `from`."),
});

const silence = z
  .strictObject({
    id: z.string(),
    matchers: z.array(matcher),
    from: time,
    until: time.nullable().describe("Null for a recurring one without an end."),
    window: window.nullable().describe("When it holds between the two; null for all the time."),
    maintenance: z
      .boolean()
      .describe("Hosts that match are under maintenance while it holds: no incident of them is opened."),
    comment: z.string(),
    createdBy: z.string(),
    createdAt: time,
    expiredAt: time.nullable().describe("When somebody ended it ahead of time."),
    active: z.boolean().describe("Whether it holds now."),
    changesAt: time.nullable().describe("When that changes; null when it will not."),
  })
  .meta({ id: "Silence" });

const SILENCE_FIELDS =
  "id matchers { name op value } from until window { zone days from to } maintenance comment createdBy createdAt expiredAt active changesAt";

export const listSilences = route({
  method: "get",
  url: "/silences",
  operationId: "listSilences",
  tag: "incidents",
  summary: "Silences and recurring maintenance windows",
  scope: "read",
  path: none,
  query: z.strictObject({
    active: z.boolean().optional().describe("True for those that hold now, false for the others."),
  }),
  body: noBody,
  answer: z.strictObject({ silences: z.array(silence) }),
  document: parse(`query ($active: Boolean) { silences(active: $active) { ${SILENCE_FIELDS} } }`),
  variables: ({ query }) => query,
  shape: ({ silences }) => ({ silences }),
  rows: ({ silences }) =>
    silences.map(({ matchers, window: recurring, ...one }) => ({
      ...one,
      matchers: JSON.stringify(matchers),
      window: recurring === null ? null : JSON.stringify(recurring),
    })),
});

export const createSilence = route({
  method: "post",
  url: "/silences",
  operationId: "createSilence",
  tag: "incidents",
  summary: "Silences what matches, for a time or in a recurring window",
  description: "With `until`, `duration` or a `window`: nothing is silenced for ever.",
  scope: "operate",
  path: none,
  query: none,
  body: z.strictObject({
    matchers: z
      .array(matcher)
      .describe("Of incidents' labels, and of `cause` and `severity`; all must match."),
    from: time.optional().describe("By default now."),
    until: time.optional(),
    duration: z
      .string()
      .optional()
      .meta({ description: "Instead of `until`.", examples: ["2h"] }),
    window: window.partial({ days: true }).optional(),
    maintenance: z
      .boolean()
      .optional()
      .describe(
        "No incident is opened of hosts whose labels match while it holds; matchers are then of labels alone.",
      ),
    comment: z.string().describe("Why."),
  }),
  answer: silence,
  status: 201,
  document: parse(`mutation ($input: SilenceInput!) { createSilence(input: $input) { ${SILENCE_FIELDS} } }`),
  variables: ({ body }) => ({ input: body }),
  shape: (data) => data.createSilence,
});

export const expireSilence = route({
  method: "delete",
  url: "/silences/{id}",
  operationId: "expireSilence",
  tag: "incidents",
  summary: "Ends a silence now; it stays in the list",
  scope: "operate",
  path: z.strictObject({ id: z.string() }),
  query: none,
  body: noBody,
  answer: silence,
  document: parse(`mutation ($id: ID!) { expireSilence(id: $id) { ${SILENCE_FIELDS} } }`),
  variables: ({ path }) => path,
  shape: (data) => data.expireSilence,
});
