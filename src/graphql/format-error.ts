import { unwrapResolverError } from "@apollo/server/errors";
import type { GraphQLError, GraphQLFormattedError } from "graphql";
import { SpillwayError } from "../errors.ts";
import type { Logger } from "../telemetry/log.ts";
import { asQueryFault } from "./query-fault.ts";

/** A coded error keeps its code and text; anything else a resolver throws is masked, and logged. */
export function formatError(
  formatted: GraphQLFormattedError,
  error: unknown,
  log: Logger,
): GraphQLFormattedError {
  const original = asQueryFault(unwrapResolverError(error));
  if (original instanceof SpillwayError) {
    return { ...formatted, message: original.message, extensions: { code: original.code } };
  }
  if (formatted.extensions?.code !== "INTERNAL_SERVER_ERROR") return formatted;
  log.error({ err: original, path: formatted.path }, "a GraphQL field failed");
  return {
    ...formatted,
    message: "the service failed on this field; its log says why",
    extensions: { code: "INTERNAL_SERVER_ERROR" },
  };
}

/** The same for an error that Apollo has not given a code: what graphql itself refuses is the caller's fault. */
export function formatRawError(error: GraphQLError, log: Logger): GraphQLFormattedError {
  const code = error.originalError === undefined ? "BAD_USER_INPUT" : "INTERNAL_SERVER_ERROR";
  const formatted = error.toJSON();
  const original = error.originalError ?? error;
  return formatError({ ...formatted, extensions: { code, ...formatted.extensions } }, original, log);
}
