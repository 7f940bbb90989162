import type { ApolloServer } from "@apollo/server";
import { expressMiddleware } from "@as-integrations/express5";
import express, { type ErrorRequestHandler, type Express } from "express";
import helmet from "helmet";
import { asSpillwayError, problemOf, SpillwayError } from "../errors.ts";
import { type Context, createContext, type Sources } from "../graphql/context.ts";
import { restRoutes } from "../rest/routes.ts";
import type { Actors } from "../store/actors.ts";
import { asUnavailable } from "../store/errors.ts";
import type { Actor } from "../store/tokens.ts";
import type { Logger } from "../telemetry/log.ts";
import { authenticate, requireActor } from "./authenticate.ts";
import { type DownloadsDeps, downloadRoutes } from "./downloads.ts";
import { graphiqlRoutes } from "./graphiql.ts";
import { graphqlGuard } from "./graphql-guard.ts";
import { type HealthDeps, healthRoutes } from "./health.ts";
import { homeRoutes } from "./home.ts";
import { iconRoutes } from "./icon.ts";
import { signInRoutes } from "./sign-in.ts";

export interface AppDeps extends HealthDeps, DownloadsDeps {
  readonly sources: Sources;
  readonly actors: Actors;
  readonly apollo: ApolloServer<Context>;
  readonly log: Logger;
  /** The public address is https. */
  readonly secure: boolean;
}

const BODY_BYTES = 100_000;

/** Everything over HTTP but the agents' pushes, which do not come this far (server.ts). */
export function createApp(deps: AppDeps): Express {
  const { sources, actors, apollo, log } = deps;
  const app = express();
  app.disable("x-powered-by");
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          "default-src": ["'none'"],
          "script-src": ["'self'"],
          "style-src": ["'self'"],
          "img-src": ["'self'", "data:"],
          "connect-src": ["'self'"],
          "form-action": ["'self'"],
          "base-uri": ["'none'"],
          "frame-ancestors": ["'none'"],
        },
      },
      strictTransportSecurity: deps.secure,
    }),
  );
  app.use(healthRoutes(deps));
  app.use(downloadRoutes(deps));
  app.use(signInRoutes({ db: sources.db, actors, now: sources.now, secure: deps.secure }));
  app.use(homeRoutes({ actors, ...sources }));
  app.use(graphiqlRoutes(actors));
  app.use(iconRoutes());
  app.use(
    "/graphql",
    async (request, response, next) => {
      response.set("Cache-Control", "no-store");
      // Known before a byte is parsed: a stranger costs no more than the look at a header.
      response.locals.actor = await authenticate(actors, request, "read");
      next();
    },
    express.json({ limit: BODY_BYTES }),
    graphqlGuard,
    expressMiddleware(apollo, {
      context: async ({ res }) => createContext(sources, res.locals.actor as Actor),
    }),
  );
  app.use(
    "/v1",
    async (request, response, next) => {
      response.set("Cache-Control", "no-store");
      // Known before a byte is parsed, as above; each route asks for its own scope.
      await requireActor(actors, request);
      next();
    },
    express.json({ limit: BODY_BYTES }),
    restRoutes({ sources, authenticate: (request, scope) => authenticate(actors, request, scope) }),
  );
  app.use((request) => {
    throw new SpillwayError("NOT_FOUND", `there is nothing at ${request.path.slice(0, 200)}`);
  });
  app.use(problemHandler(log));
  return app;
}

/** Errors as `application/problem+json`. */
function problemHandler(log: Logger): ErrorRequestHandler {
  return (thrown: unknown, _request, response, _next) => {
    const error = fromBodyParser(thrown) ?? asSpillwayError(asUnavailable(thrown));
    const problem = problemOf(error);
    if (problem.status >= 500) log.error({ err: error.cause ?? error }, `a request failed: ${error.message}`);
    if (error.code === "UNAUTHENTICATED") response.set("WWW-Authenticate", "Bearer");
    if (!response.headersSent) response.status(problem.status).type("application/problem+json").json(problem);
  };
}

/** Faults that the body parser finds carry a status and no code of ours. */
function fromBodyParser(thrown: unknown): SpillwayError | null {
  if (typeof thrown !== "object" || thrown === null || !("type" in thrown)) return null;
  switch (thrown.type) {
    case "entity.parse.failed":
      return new SpillwayError(
        "BAD_REQUEST",
        `the body is not JSON: ${(thrown as unknown as Error).message}`,
      );
    case "entity.too.large":
      return new SpillwayError("PAYLOAD_TOO_LARGE", `the body is over ${BODY_BYTES} bytes`);
    case "encoding.unsupported":
    case "charset.unsupported":
      return new SpillwayError("UNSUPPORTED_MEDIA_TYPE", (thrown as unknown as Error).message);
    case "request.aborted":
    case "request.size.invalid":
      return new SpillwayError("BAD_REQUEST", (thrown as unknown as Error).message);
    default:
      return null;
  }
}
