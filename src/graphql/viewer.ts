import type { Actor } from "../store/tokens.ts";
import { ActorKind } from "./actor-kind.ts";
import { builder } from "./builder.ts";

const Viewer = builder.objectRef<Actor>("Viewer").implement({
  description: "Who is asking.",
  fields: (t) => ({
    kind: t.field({ type: ActorKind, resolve: ({ kind }) => kind }),
    name: t.exposeString("name", { description: "Of the token, or of the person signed in." }),
    scopes: t.exposeStringList("scopes", { description: "Of ingest, read, operate, admin." }),
    expiresAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When the token or the session ends by itself; null when it does not.",
      resolve: ({ expiresAt }) => expiresAt ?? null,
    }),
  }),
});

builder.queryFields((t) => ({
  viewer: t.field({
    type: Viewer,
    description: "Who is asking, with which scopes.",
    resolve: (_root, _args, { actor }) => actor,
  }),
}));
