import {
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  parse,
  specifiedRules,
  type ValidationRule,
  validate,
} from "graphql";

/** Tokens of one document at most: what a validator does with a long one is more than linear. */
const TOKENS_MAX = 2_000;

/** How documents are parsed, whatever they come over. */
export const parseOptions = { maxTokens: TOKENS_MAX };

/** Rules beside those of the specification. */
export const limitRules: readonly ValidationRule[] = [];

/** A document that may be run, or what is wrong with it. */
export function checkedDocument(
  schema: GraphQLSchema,
  source: string,
): { readonly document: DocumentNode } | { readonly errors: readonly GraphQLError[] } {
  let document: DocumentNode;
  try {
    document = parse(source, parseOptions);
  } catch (error) {
    return { errors: [coded(error as GraphQLError, "GRAPHQL_PARSE_FAILED")] };
  }
  const errors = validate(schema, document, [...specifiedRules, ...limitRules]);
  if (errors.length === 0) return { document };
  return { errors: errors.map((error) => coded(error, "GRAPHQL_VALIDATION_FAILED")) };
}

function coded(error: GraphQLError, code: string): GraphQLError {
  error.extensions.code ??= code;
  return error;
}
