import { type DocumentNode, GraphQLError, type GraphQLSchema, parse, validate } from "graphql";
import { refuseCostly, tooDeepFault } from "./document-guard.ts";
import { TOKENS_MAX } from "./limits.ts";

/** A document that may be run, within the limits that hold over HTTP; or what is wrong with it. */
export function checkedDocument(
  schema: GraphQLSchema,
  source: string,
): { readonly document: DocumentNode } | { readonly errors: readonly GraphQLError[] } {
  try {
    const document = parse(source, { maxTokens: TOKENS_MAX });
    refuseCostly(document);
    const errors = validate(schema, document);
    if (errors.length === 0) return { document };
    return { errors: errors.map((error) => coded(error, "GRAPHQL_VALIDATION_FAILED")) };
  } catch (error) {
    const fault = error instanceof GraphQLError ? error : tooDeepFault(error);
    if (fault === null) throw error;
    return { errors: [coded(fault, "GRAPHQL_PARSE_FAILED")] };
  }
}

function coded(error: GraphQLError, code: string): GraphQLError {
  error.extensions.code ??= code;
  return error;
}
