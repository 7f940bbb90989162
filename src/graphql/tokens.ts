import { SpillwayError } from "../errors.ts";
import type { Labels } from "../store/labels/effective.ts";
import {
  type CreatedToken as CreatedTokenShape,
  createToken,
  findTokenById,
  listTokens,
  ROTATION_OVERLAP_MS,
  revokeToken,
  rotateToken,
} from "../store/token-changes.ts";
import type { Token as TokenRow } from "../store/tokens.ts";
import { builder } from "./builder.ts";
import { tokenIdOf, tokenNodeId } from "./ids.ts";
import { Node, nodeById } from "./node.ts";
import { requireScope } from "./require-scope.ts";

const Token = builder.objectRef<TokenRow>("Token").implement({
  description:
    "What a caller shows to be let in. Its secret is known to whoever made it, and to nobody else.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ id }) => tokenNodeId(id) }),
    name: t.exposeString("name", { description: "May repeat: a successor has the name of its predecessor." }),
    prefix: t.exposeString("prefix", {
      description: "The first characters of the secret, to tell tokens apart.",
    }),
    scopes: t.exposeStringList("scopes", { description: "Of ingest, read, operate, admin." }),
    hostPattern: t.exposeString("hostPattern", {
      nullable: true,
      description: "Names of the hosts that it may push for, with * and ?; null for all.",
    }),
    forcedLabels: t.field({
      type: "Labels",
      description: "Labels of every host that it pushes for, above those of labels.yml and of the agent.",
      resolve: ({ forcedLabels }) => forcedLabels as Labels,
    }),
    createdAt: t.field({ type: "DateTime", resolve: ({ createdAt }) => createdAt.getTime() }),
    createdBy: t.exposeString("createdBy", {
      nullable: true,
      description: "Who made it; null for those of the files in the service's own data folder.",
    }),
    lastUsedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When it was last shown, to the minute; null before its first use.",
      resolve: ({ lastUsedAt }) => lastUsedAt?.getTime() ?? null,
    }),
    expiresAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When it ends by itself; null when it does not.",
      resolve: ({ expiresAt }) => expiresAt?.getTime() ?? null,
    }),
    revokedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When it was revoked; null for one that was not.",
      resolve: ({ revokedAt }) => revokedAt?.getTime() ?? null,
    }),
    successorId: t.id({
      nullable: true,
      description: "The token that takes its place; null for one that was not rotated.",
      resolve: ({ successorId }) => (successorId === null ? null : tokenNodeId(successorId)),
    }),
  }),
});

nodeById("token", "Token", async ({ actor, db }, id) => {
  requireScope(actor, "admin");
  return findTokenById(db, tokenIdOf(id));
});

const CreatedToken = builder.objectRef<CreatedTokenShape>("CreatedToken").implement({
  description: "A new token with its secret.",
  fields: (t) => ({
    token: t.field({ type: Token, resolve: ({ token }) => token }),
    secret: t.exposeString("secret", {
      description: "To be sent as `Authorization: Bearer ...`. It is told this once and kept nowhere.",
    }),
  }),
});

const TokenInput = builder.inputType("TokenInput", {
  description: "What a new token is to be.",
  fields: (t) => ({
    name: t.string({ required: true, description: "For lists and the audit log: 1 to 100 characters." }),
    scopes: t.stringList({
      required: true,
      description:
        "One or more of ingest (push snapshots), read (ask), operate (handle incidents, label hosts), admin (tokens, the audit log). Each is apart, but asking over GraphQL needs `read`.",
    }),
    expiresAt: t.field({ type: "DateTime", description: "When it ends by itself. Left out: never." }),
    expiresIn: t.field({ type: "Duration", description: "The same, counted from now: give one of the two." }),
    hostPattern: t.string({
      description: "With `ingest`: names of the hosts that it may push for, with * and ?. Left out: all.",
    }),
    forcedLabels: t.field({
      type: "Labels",
      description: "With `ingest`: labels of every host that it pushes for.",
    }),
  }),
});

builder.queryFields((t) => ({
  tokens: t.field({
    type: [Token],
    description:
      "Tokens, newest first, also those that have ended in the last 400 days; at most 1,000. Needs the scope `admin`.",
    resolve: (_root, _args, { actor, db }) => {
      requireScope(actor, "admin");
      return listTokens(db);
    },
  }),
}));

builder.mutationFields((t) => ({
  createToken: t.field({
    type: CreatedToken,
    description: "Makes a token. Needs the scope `admin`.",
    args: { input: t.arg({ type: TokenInput, required: true }) },
    resolve: (_root, { input }, { actor, db, now }) => {
      requireScope(actor, "admin");
      const { name, scopes, expiresAt, expiresIn, hostPattern, forcedLabels } = input;
      if (expiresAt != null && expiresIn != null) {
        throw new SpillwayError("BAD_REQUEST", "give `expiresAt` or `expiresIn`, and not both");
      }
      const wanted = {
        name,
        scopes,
        expiresAt: expiresIn == null ? (expiresAt ?? null) : now() + expiresIn,
        hostPattern: hostPattern ?? null,
        forcedLabels: forcedLabels ?? {},
      };
      return createToken(db, actor, wanted, now());
    },
  }),
  rotateToken: t.field({
    type: CreatedToken,
    description:
      "Makes a token with the rights and the lifetime of another, which ends after the overlap. Needs the scope `admin`.",
    args: {
      id: t.arg.id({ required: true }),
      overlap: t.arg({
        type: "Duration",
        defaultValue: ROTATION_OVERLAP_MS,
        description: "How long both hold: time to hand out the new one.",
      }),
    },
    resolve: (_root, { id, overlap }, { actor, db, now }) => {
      requireScope(actor, "admin");
      return rotateToken(db, actor, tokenIdOf(id), overlap ?? ROTATION_OVERLAP_MS, now());
    },
  }),
  revokeToken: t.boolean({
    description:
      "Ends a token at once, and the browsers that it signed in: no process lets it in a second later. False when it had been revoked before. Needs the scope `admin`.",
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, { actor, db, now }) => {
      requireScope(actor, "admin");
      return revokeToken(db, actor, tokenIdOf(id), now());
    },
  }),
}));
