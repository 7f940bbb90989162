import { parse } from "graphql";
import { z } from "zod";
import { labels, time } from "./answers.ts";
import { noBody, none } from "./params.ts";
import { route } from "./route.ts";

const scopes = z.array(z.string()).min(1).describe("ingest, read, operate, admin; each is apart.");

const token = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    prefix: z.string().describe("Its first characters, to tell tokens apart."),
    scopes,
    hostPattern: z
      .string()
      .nullable()
      .describe("Names of the hosts that it may push for; null is all of them."),
    forcedLabels: labels,
    createdAt: time,
    createdBy: z.string().nullable(),
    lastUsedAt: time.nullable().describe("To the minute; null before its first use."),
    expiresAt: time.nullable(),
    revokedAt: time.nullable(),
    successorId: z.string().nullable().describe("The token that it was rotated to."),
  })
  .meta({ id: "Token" });

const TOKEN_FIELDS =
  "id name prefix scopes hostPattern forcedLabels createdAt createdBy lastUsedAt expiresAt revokedAt successorId";

const created = z.strictObject({
  secret: z
    .string()
    .describe("To be sent as `Authorization: Bearer ...`. It is told this once and kept nowhere."),
  token,
});

const path = z.strictObject({ id: z.string().describe("The token's id.") });

export const listTokens = route({
  method: "get",
  url: "/tokens",
  operationId: "listTokens",
  tag: "access",
  summary: "Tokens, without their secrets",
  scope: "admin",
  path: none,
  query: none,
  body: noBody,
  answer: z.strictObject({ tokens: z.array(token) }),
  document: parse(`{ tokens { ${TOKEN_FIELDS} } }`),
  variables: () => ({}),
  shape: ({ tokens }) => ({ tokens }),
  rows: ({ tokens }) =>
    tokens.map(({ scopes: of, forcedLabels, ...one }) => ({
      ...one,
      scopes: of.join(" "),
      labels: forcedLabels,
    })),
});

export const createToken = route({
  method: "post",
  url: "/tokens",
  operationId: "createToken",
  tag: "access",
  summary: "Makes a token",
  scope: "admin",
  path: none,
  query: none,
  body: z.strictObject({
    name: z.string(),
    scopes,
    hostPattern: z
      .string()
      .optional()
      .meta({
        description: "With `ingest`: names of the hosts that it may push for, with * and ?.",
        examples: ["web-*"],
      }),
    forcedLabels: labels.optional(),
    expiresAt: time.optional(),
    expiresIn: z
      .string()
      .optional()
      .meta({ description: "Instead of `expiresAt`.", examples: ["90d"] }),
  }),
  answer: created,
  status: 201,
  document: parse(
    `mutation ($input: TokenInput!) { createToken(input: $input) { secret token { ${TOKEN_FIELDS} } } }`,
  ),
  variables: ({ body }) => ({ input: body }),
  shape: (data) => data.createToken,
});

export const rotateToken = route({
  method: "post",
  url: "/tokens/{id}/rotate",
  operationId: "rotateToken",
  tag: "access",
  summary: "Makes a token with the rights and the lifetime of another, which ends after the overlap",
  scope: "admin",
  path,
  query: none,
  body: z.strictObject({ overlap: z.string().default("1d") }),
  answer: created,
  status: 201,
  document: parse(
    `mutation ($id: ID!, $overlap: Duration) { rotateToken(id: $id, overlap: $overlap) { secret token { ${TOKEN_FIELDS} } } }`,
  ),
  variables: ({ path: { id }, body }) => ({ id, overlap: body.overlap }),
  shape: (data) => data.rotateToken,
});

export const revokeToken = route({
  method: "delete",
  url: "/tokens/{id}",
  operationId: "revokeToken",
  tag: "access",
  summary: "Ends a token at once, and the browsers that it signed in",
  scope: "admin",
  path,
  query: none,
  body: noBody,
  answer: z.strictObject({ revoked: z.boolean().describe("False when it had been revoked before.") }),
  document: parse("mutation ($id: ID!) { revokeToken(id: $id) }"),
  variables: ({ path: { id } }) => ({ id }),
  shape: (data) => ({ revoked: data.revokeToken }),
});
