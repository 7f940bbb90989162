/** Every operation of the schema as a document that can be sent, and every route of the Express app. */
import type { Express } from "express";
import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
} from "graphql";

/** Root fields by name, `Query.fleet`, each with a document that asks for it. */
export function operationsOf(schema: GraphQLSchema): Map<string, string> {
  const operations = new Map<string, string>();
  const roots = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  };
  for (const [keyword, root] of Object.entries(roots)) {
    for (const field of Object.values(root?.getFields() ?? {})) {
      operations.set(`${root?.name}.${field.name}`, `${keyword} { ${selectionOf(field)} }`);
    }
  }
  return operations;
}

function selectionOf({ name, args, type }: GraphQLField<unknown, unknown>): string {
  const given = args.filter(isRequiredArgument).map((arg) => `${arg.name}: ${literalOf(arg.type)}`);
  const selected = isCompositeType(getNamedType(type)) ? " { __typename }" : "";
  return `${name}${given.length === 0 ? "" : `(${given.join(", ")})`}${selected}`;
}

const SCALARS: Readonly<Record<string, string>> = {
  DateTime: '"2026-11-22T12:00:00Z"',
  Duration: '"1h"',
  UInt64: '"1"',
  Labels: '{a: "b"}',
  Int: "1",
  Float: "1",
  Boolean: "true",
};

/** Some value of a type: of the right form, and of nothing that there is. */
function literalOf(type: GraphQLInputType): string {
  if (isNonNullType(type)) return literalOf(type.ofType);
  if (isListType(type)) return `[${literalOf(type.ofType)}]`;
  if (isEnumType(type)) return type.getValues()[0]?.name ?? "";
  if (!isInputObjectType(type)) return SCALARS[type.name] ?? '"x"';
  const fields = Object.values(type.getFields()).filter(isRequiredInputField);
  return `{${fields.map((field) => `${field.name}: ${literalOf(field.type)}`).join(", ")}}`;
}

/** As much of Express's router as is looked at. */
interface Layer {
  readonly rawPath?: string | readonly string[] | undefined;
  readonly route?: {
    readonly path: string | readonly string[];
    readonly methods: Readonly<Record<string, true>>;
  };
  readonly handle: { readonly stack?: readonly Layer[] };
}

/** Routes as `GET /healthz`, and as `USE /graphql` what answers under a path by itself. */
export function routesOf(app: Express): string[] {
  return [...new Set(walk((app.router as unknown as { stack: readonly Layer[] }).stack, ""))];
}

function walk(layers: readonly Layer[], prefix: string): string[] {
  return layers.flatMap(({ route, rawPath, handle }) => {
    const below = (path: string) => (prefix + path).replace(/(?<=.)\/$/, "") || "/";
    if (route !== undefined) {
      return listOf(route.path).flatMap((path) =>
        Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${below(path)}`),
      );
    }
    const paths = listOf(rawPath ?? "/");
    if (handle.stack !== undefined) {
      const stack = handle.stack;
      return paths.flatMap((path) => walk(stack, below(path) === "/" ? "" : below(path)));
    }
    return paths.filter((path) => path !== "/").map((path) => `USE ${below(path)}`);
  });
}

function listOf(path: string | readonly string[]): readonly string[] {
  return typeof path === "string" ? [path] : path;
}
