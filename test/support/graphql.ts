/** The schema asked without a server: what resolvers answer, and how many statements that took. */
import { type GraphQLError, graphql } from "graphql";
import { expect } from "vitest";
import { createContext, type Sources } from "../../src/graphql/context.ts";
import { schema } from "../../src/graphql/schema.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import { FleetView } from "../../src/store/fleet-view.ts";
import { SnapshotReader } from "../../src/store/history/snapshot-reader.ts";
import { LayoutCache } from "../../src/store/layouts.ts";
import type { Actor, Scope } from "../../src/store/tokens.ts";

export interface Asking {
  /** Statements sent so far. */
  statements(): number;
  /** The data of an answer without errors. */
  // The shape is the query's: a test names the fields that it asked for.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  ask(source: string, variables?: Readonly<Record<string, unknown>>): Promise<any>;
  /** The errors of an answer. */
  refused(source: string): Promise<readonly GraphQLError[]>;
}

/** Each question is a request of its own, of somebody with these scopes. */
export function asking(
  db: PrismaClient,
  now: number,
  scopes: readonly Scope[] = ["read", "operate"],
): Asking {
  let statements = 0;
  const counted = db.$extends({
    query: {
      $allOperations({ args, query }) {
        statements++;
        return query(args);
      },
    },
  }) as unknown as PrismaClient;
  const sources: Sources = {
    db: counted,
    reader: new SnapshotReader(new LayoutCache(() => now)),
    fleet: new FleetView(counted, () => now),
    now: () => now,
    system: { rawRetentionMs: 7 * 86_400_000 } as Sources["system"],
    storage: {} as Sources["storage"],
  };
  const actor: Actor = { kind: "token", id: null, name: "test", scopes };
  const run = (source: string, variableValues: Readonly<Record<string, unknown>> = {}) =>
    graphql({ schema, source, variableValues, contextValue: createContext(sources, actor) });
  return {
    statements: () => statements,
    ask: async (source, variables) => {
      const { data, errors } = await run(source, variables);
      expect(errors).toBeUndefined();
      return data;
    },
    refused: async (source) => (await run(source)).errors ?? [],
  };
}
