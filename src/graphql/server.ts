import type { Server } from "node:http";
import { ApolloServer } from "@apollo/server";
import { unwrapResolverError } from "@apollo/server/errors";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { ApolloServerPluginDrainHttpServer } from "@apollo/server/plugin/drainHttpServer";
import type { GraphQLFormattedError } from "graphql";
import { SpillwayError } from "../errors.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Context } from "./context.ts";
import { TOKENS_MAX } from "./limits.ts";
import { asQueryFault } from "./query-fault.ts";
import { schema } from "./schema.ts";

export interface GraphqlServerOptions {
  readonly httpServer: Server;
  readonly log: Logger;
}

/**
 * The GraphQL server, not yet started. Every limit is said, so that none depends on NODE_ENV: whoever gets
 * here has shown a token, so the schema may be introspected, and stack traces stay in the log.
 */
export function createGraphqlServer({ httpServer, log }: GraphqlServerOptions): ApolloServer<Context> {
  return new ApolloServer<Context>({
    schema,
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    maxRecursiveSelections: true,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: TOKENS_MAX },
    logger: {
      debug: (message?: unknown) => log.debug(String(message)),
      info: (message?: unknown) => log.info(String(message)),
      warn: (message?: unknown) => log.warn(String(message)),
      error: (message?: unknown) => log.error(String(message)),
    },
    plugins: [
      ApolloServerPluginDrainHttpServer({ httpServer, stopGracePeriodMillis: 5_000 }),
      ApolloServerPluginLandingPageDisabled(),
      // No answer is to be cached, which http/app.ts says; the plugin would look at each field to find that out.
      ApolloServerPluginCacheControlDisabled(),
    ],
    formatError: (formatted, error) => formatError(formatted, error, log),
  });
}

/** A coded error keeps its code and text; anything else a resolver throws is masked, and logged. */
function formatError(formatted: GraphQLFormattedError, error: unknown, log: Logger): GraphQLFormattedError {
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
