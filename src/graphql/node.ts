import { SpillwayError } from "../errors.ts";
import { builder } from "./builder.ts";
import type { Context } from "./context.ts";

/** Finds a thing by the part of its node id that is its own; null when there is none. */
type NodeLoader = (context: Context, ownId: string) => Promise<object | null>;

const loaders = new Map<string, { readonly typeName: string; readonly load: NodeLoader }>();

/**
 * Every type with an `id` is a Node: it names this interface, and `nodeById` tells how to find one.
 *
 * A thing that `node` has found says its type in `__typename`, by which graphql-js tells it.
 */
export const Node = builder.interfaceRef<object>("Node").implement({
  description: "Something with an id of its own (Relay global object identification).",
  fields: (t) => ({
    id: t.id({
      resolve: () => {
        throw new Error("every type that is a Node has a field `id` of its own");
      },
    }),
  }),
});

/**
 * @param prefix what its node ids begin with, before the underscore
 * @param typeName its GraphQL type
 */
export function nodeById(prefix: string, typeName: string, load: NodeLoader): void {
  loaders.set(prefix, { typeName, load });
}

builder.queryFields((t) => ({
  node: t.field({
    type: Node,
    nullable: true,
    description: "Anything by its id, as some other field gave it; null when it is not there any more.",
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, context) => {
      const [, prefix, ownId] = /^([a-z]+)_(.{1,200})$/.exec(id) ?? [];
      const kind = loaders.get(prefix ?? "");
      if (kind === undefined || ownId === undefined) {
        throw new SpillwayError(
          "BAD_REQUEST",
          `"${id.slice(0, 60)}" is not the id of a node: it begins with one of ` +
            [...loaders.keys()].map((known) => `${known}_`).join(", "),
        );
      }
      const found = await kind.load(context, ownId);
      return found === null ? null : { ...found, __typename: kind.typeName };
    },
  }),
}));
