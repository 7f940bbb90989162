import { execute, GraphQLError, validate } from "graphql";
import { SpillwayError } from "../errors.ts";
import type { Context } from "../graphql/context.ts";
import { asQueryFault } from "../graphql/query-fault.ts";
import { schema } from "../graphql/schema.ts";
import type { Route } from "./route.ts";

/** @throws Error for a document that does not fit the schema: a fault of ours, told when the routes are made */
export function checkDocument({ operationId, document }: Route): void {
  const [fault] = validate(schema, document);
  if (fault !== undefined) throw new Error(`the document of ${operationId} does not fit: ${fault.message}`);
}

/**
 * What GraphQL answers to the document of a route: the same data, limits, scopes and faults as over /graphql.
 *
 * @throws the first fault of the answer: half an answer is none over REST
 */
export async function ask(
  { document }: Route,
  variableValues: Record<string, unknown>,
  contextValue: Context,
): Promise<unknown> {
  const { data, errors } = await execute({ schema, document, variableValues, contextValue });
  const [error] = errors ?? [];
  if (error !== undefined) throw faultOf(error);
  return data;
}

/** A resolver's own error; or what GraphQL says of a variable that it cannot take. */
function faultOf(error: GraphQLError): unknown {
  const { originalError } = error;
  if (originalError === undefined || originalError instanceof GraphQLError) {
    const code = error.extensions.code === "LIMIT_EXCEEDED" ? "LIMIT_EXCEEDED" : "BAD_REQUEST";
    return new SpillwayError(code, error.message);
  }
  return asQueryFault(originalError);
}
