import { parse } from "graphql";
import { z } from "zod";
import { time } from "./answers.ts";
import { nextOf, noBody, none, pageParams } from "./params.ts";
import { route } from "./route.ts";

const entry = z.strictObject({
  at: time,
  actorKind: z.string(),
  actor: z.string().describe("The person's or the token's name."),
  action: z.string().describe("The kind of thing and the verb, as token.create."),
  target: z.string(),
  details: z.record(z.string(), z.unknown()).describe("What the change was, without secrets."),
});

export const listAudit = route({
  method: "get",
  url: "/audit",
  operationId: "listAudit",
  tag: "access",
  summary: "Who changed what, the newest first, a page at a time",
  scope: "admin",
  path: none,
  query: z.strictObject(pageParams),
  body: noBody,
  answer: z.strictObject({ audit: z.array(entry), next: z.string().nullable() }),
  document: parse(`query ($first: Int, $after: String) {
    audit(first: $first, after: $after) {
      pageInfo { hasNextPage endCursor } edges { node { at actorKind actor action target details } }
    }
  }`),
  variables: ({ query }) => query,
  shape: ({ audit: { edges, pageInfo } }) => ({
    audit: edges.map(({ node }: { node: z.input<typeof entry> }) => node),
    next: nextOf(pageInfo),
  }),
  rows: ({ audit }) => audit.map(({ details, ...one }) => ({ ...one, details: JSON.stringify(details) })),
});
